"""The operations beside documents, folders, forks and search: what each answers, and what it refuses."""

from __future__ import annotations

import pytest
import requests

from connectors import Catalog, data
from connectors.paligo.emulator import API_KEY, USERNAME, Account, Emulator
from connectors.paligo.emulator.account import TABLES
from connectors.paligo.emulator.operations import BASE, OPERATIONS
from connectors.runtime.budget import classify

MISSING = 999_999
LISTED = ("images", "imports", "productions", "publishsettings", "translationexports", "translationimports")
LISTED += ("taxonomies", "variablesets", "variants", "variables", "variablevalues", "groups", "users", "assignments")
DELETED = ("documents", "forks", "taxonomies", "variablesets", "variants", "variables", "variablevalues", "assignments")


@pytest.fixture
def emulator():
    with Emulator(Account.generate(documents=30, taxonomies=6, jobs=2)) as running:
        yield running


@pytest.fixture
def call(emulator):
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (USERNAME, API_KEY)

        def send(method, path, **options):
            address = path if path.startswith("http") else f"{emulator.url}/api/v2{path}"
            return session.request(method, address, allow_redirects=False, timeout=20, **options)

        yield send


@pytest.fixture
def truth(emulator):
    return lambda table: emulator.truth(table, emulator.url)


@pytest.fixture
def create(call):
    def send(path, body, status=201):
        answer = call("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return send


def test_all_66_operations_are_there():
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == 66


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
@pytest.mark.parametrize("plan", ["business", "enterprise"])
def test_its_budget_is_the_one_our_definition_names(operation, plan):
    paligo = Catalog([data.root() / "providers.yaml"]).get("paligo")
    path = BASE + operation.path.replace("{id}", "7").replace("{name}", "x.zip")
    spending = classify(paligo, {"plan": plan}, operation.method, path)
    assert spending.limit.calls == operation.limit(plan)


@pytest.mark.parametrize("table", LISTED)
def test_a_list_shows_what_a_read_of_each_shows(call, truth, table):
    nested = "?parent=0" if table == "images" else ""
    page = call("GET", f"/{table}{nested}").json()
    assert set(page) == {"page", "next_page", "total_pages", table}
    assert page[table]
    for item in page[table]:
        alone = call("GET", f"/{table}/{item['id']}").json()
        assert alone == {**item, "users": alone["users"]} if table == "groups" else alone == item
        assert alone in truth(table)


@pytest.mark.parametrize("table", [table for table in TABLES if table not in ("documents", "folders", "forks")])
def test_an_unknown_id_is_404(call, table):
    assert call("GET", f"/{table}/{MISSING}").status_code == 404
    assert call("GET", f"/{table}/{table[:-1]}.1-2").status_code == 404


@pytest.mark.parametrize("table", DELETED)
def test_a_delete_answers_as_documented_and_leaves_a_404(call, truth, table):
    key = truth(table)[-1]["id"]
    gone = call("DELETE", f"/{table}/{key}")
    status = {"documents": 204, "forks": 204, "taxonomies": 204, "assignments": 200}.get(table, 201)
    assert gone.status_code == status
    assert bool(gone.content) == (table == "assignments")
    assert call("GET", f"/{table}/{key}").status_code == 404
    assert key not in [row["id"] for row in truth(table)]


@pytest.mark.parametrize("table", ["folders", "images", "users", "groups", "productions", "publishsettings", "imports"])
def test_what_the_api_cannot_delete_is_405(call, truth, table):
    assert call("DELETE", f"/{table}/{truth(table)[0]['id']}").status_code == 405


class TestImages:
    def test_bytes_come_with_download_and_at_the_content_url(self, call, truth):
        row = truth("images")[0]
        bytes_ = call("GET", f"/images/{row['id']}?download=true&size=")
        assert bytes_.content.startswith(b"\x89PNG")
        assert bytes_.headers["Content-Type"] == "image/png"
        assert call("GET", row["content_url"]).content == bytes_.content
        assert call("GET", f"/images/{row['uuid']}?download=true").content == bytes_.content
        assert call("GET", f"/images/{truth('images')[1]['id']}?download=true").content != bytes_.content

    def test_the_content_url_takes_the_key_too(self, call, truth):
        assert requests.get(truth("images")[0]["content_url"], timeout=20).status_code == 401
        assert call("GET", truth("images")[0]["content_url"].replace("/files/", "/files/9")).status_code == 404

    def test_a_rendition_is_found_by_variant_and_size(self, call):
        def form(content, **fields):
            return {"files": {"image": ("a b ä.svg", content)}, "data": fields}

        made = call("POST", "/images/", **form(b"plain"))
        assert made.status_code == 201
        key = made.json()["id"]
        assert made.json()["name"] == "a b ä.svg"
        assert call("PUT", f"/images/{key}", **form(b"small", size="icn")).status_code == 201
        assert call("PUT", f"/images/{key}", **form(b"german", variant="de")).json() == made.json()
        got = [call("GET", f"/images/{key}?download=true{query}").content for query in ("", "&size=icn", "&variant=de")]
        assert got == [b"plain", b"small", b"german"]
        assert call("GET", made.json()["content_url"]).headers["Content-Type"] == "image/svg+xml"

    @pytest.mark.parametrize("content", [b"", b"\r\n--\r\n", b"\0\xff\r\n", b"ends in a line\n", b"--x--\r\n"])
    def test_every_byte_arrives(self, call, content):
        key = call("POST", "/images/", files={"image": ("x.bin", content)}).json()["id"]
        assert call("GET", f"/images/{key}?download=true").content == content

    @pytest.mark.parametrize(
        "options",
        [
            {"files": {"file": ("x.png", b"x")}},
            {"files": {"image": ("x.png", b"x"), "file": ("y.png", b"y")}},
            {"files": {"image": ("x.png", b"x")}, "data": {"folder": "7"}},
            {"files": {"image": ("x.png", b"x")}, "data": {"name": "y.png"}},
            {"files": {"image": ("x.png", b"x")}, "data": {"size": "big"}},
            {"files": {"image": ("x.png", b"x")}, "data": {"parent": str(MISSING)}},
            {"files": {"image": (None, b"x")}},
            {"files": {"size": (None, "icn")}},
            {"json": {"image": "x"}},
            {"data": {"image": "x"}},
            {"data": b"--b\r\n\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            {"data": b"", "headers": {"Content-Type": "multipart/form-data"}},
            {"files": {"image": ("x.png", b"x")}, "headers": {"Content-Type": "application/json"}},
        ],
        ids=str,
    )
    def test_another_form_is_422_and_adds_nothing(self, call, truth, options):
        before = truth("images")
        assert call("POST", "/images/", **options).status_code == 422
        assert truth("images") == before

    def test_parent_may_be_refused(self, emulator, call, truth):
        form = {"files": {"image": ("x.png", b"x")}, "data": {"parent": str(truth("folders")[0]["id"])}}
        assert call("POST", "/images/", **form).status_code == 201
        emulator.change(image_parent="refused")
        assert call("POST", "/images/", **form).status_code == 422
        assert call("POST", "/images/", files=form["files"]).status_code == 201

    def test_media_folders_are_hidden_or_listed(self, call, truth):
        with (
            Emulator(Account.generate(documents=5, folders=1, media_folders=3)) as other,
            requests.Session() as session,
        ):
            session.trust_env, session.auth = False, (USERNAME, API_KEY)

            def names(path):
                answer = session.get(f"{other.url}/api/v2{path}", timeout=20).json()
                return [row["name"] for row in answer[path[1:].partition("?")[0]]]

            assert names("/folders") == ["Folder 1"]
            other.change(media="listed")
            assert names("/folders") == ["Folder 1", "Media 1"]
            media = next(row for row in other.truth("folders") if row["name"] == "Media 1")
            assert [child["type"] for child in media["children"]] == ["folder", "image"]
            assert names(f"/images?parent={media['id']}") == ["media-1.png"]


class TestTaxonomies:
    def test_root_only_or_below_a_parent(self, call, truth):
        rows = call("GET", "/taxonomies/").json()["taxonomies"]
        assert rows == [row for row in truth("taxonomies") if row["parent"] == 0]
        below = call("GET", f"/taxonomies?parent={rows[0]['id']}&title=hydr&color=1").json()["taxonomies"]
        assert [row["title"] for row in below] == ["Hydraulics"]

    def test_with_others_below_it_is_only_deleted_by_force(self, call, truth):
        top = truth("taxonomies")[0]["id"]
        assert call("DELETE", f"/taxonomies/{top}/").status_code == 422
        assert call("DELETE", f"/taxonomies/{top}/?force=true").status_code == 204
        assert top not in [row["parent"] for row in truth("taxonomies")]
        assert not [row for row in truth("documents") if any(tag["title"] == "Hardware" for tag in row["taxonomies"])]

    def test_documents_show_its_new_title(self, call, truth):
        top = truth("taxonomies")[0]["id"]
        answer = call("PUT", f"/taxonomies/{top}/", json={"title": "Iron", "color": "3"})
        assert (answer.status_code, answer.json()["color"]) == (201, 3)
        titles = {tag["title"] for row in truth("documents") for tag in row["taxonomies"]}
        assert titles == {"Iron", "Hydraulics"}

    @pytest.mark.parametrize("body", [{}, {"color": 1}, {"title": "x", "color": 5}, {"title": "x", "parent": MISSING}])
    def test_what_does_not_fit_is_422(self, call, truth, body):
        assert call("POST", "/taxonomies/", json=body).status_code == 422
        assert call("PUT", f"/taxonomies/{truth('taxonomies')[1]['id']}/", json=body).status_code == 422

    def test_none_is_below_itself(self, call, truth):
        top, below = (row["id"] for row in truth("taxonomies")[:2])
        for parent in (top, below):
            answer = call("PUT", f"/taxonomies/{top}/", json={"title": "x", "parent": parent})
            assert answer.status_code == 422


class TestVariables:
    @pytest.fixture
    def made(self, create):
        number = create("/variablesets/", {"title": "Pumps"})["id"]
        variables = {
            kind: create("/variables/", {"title": kind, "type": kind, "variable_set_id": number})["id"]
            for kind in ("text", "xml", "translation", "image")
        }
        variant = create("/variants/", {"title": "A", "variable_set_id": str(number)})["id"]
        return {"set": number, "variant": variant, **variables}

    def test_a_value_is_of_its_variables_type(self, call, create, made, truth):
        image = truth("images")[0]["id"]
        texts = [{"language": "en", "value": "Hello"}]
        for kind, value in (("text", "x"), ("xml", "<a/>"), ("translation", texts), ("image", {"id": image})):
            body = {"variable_id": made[kind], "variant_id": made["variant"], "value": value}
            row = create("/variablevalues/", body)
            assert row == {**body, "id": row["id"], "variable_set_id": made["set"]}
            assert row in truth("variablevalues")
            assert call("POST", "/variablevalues/", json=body).status_code == 422

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("text", 7), ("text", None), ("xml", []), ("image", "x"), ("image", {"id": MISSING}), ("image", {}),
            ("translation", "x"), ("translation", [1]), ("translation", [{"language": "en"}]),
            ("translation", [{"language": "en", "value": 7}]),
        ],
    )  # fmt: skip
    def test_another_value_is_422(self, call, made, kind, value):
        body = {"variable_id": made[kind], "variant_id": made["variant"], "value": value}
        assert call("POST", "/variablevalues/", json=body).status_code == 422

    def test_variable_and_variant_are_of_one_set(self, call, made, truth):
        body = {"variable_id": made["text"], "variant_id": truth("variants")[0]["id"], "value": "x"}
        assert call("POST", "/variablevalues/", json=body).status_code == 422

    @pytest.mark.parametrize(
        ("before", "after", "status"),
        [("text", "translation", 201), ("translation", "text", 201), ("xml", "text", 422), ("image", "image", 201)],
    )
    def test_its_type_changes_between_text_and_translation_only(self, call, made, before, after, status):
        assert call("PUT", f"/variables/{made[before]}/", json={"type": after}).status_code == status

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/variablesets/", {}), ("/variablesets/", {"name": "x"}), ("/variants/", {"title": "x"}),
            ("/variants/", {"title": "x", "variable_set_id": MISSING}), ("/variables/", {"title": "x"}),
            ("/variables/", {"title": "x", "type": "number", "variable_set_id": 1}),
            ("/variablevalues/", {"value": "x"}),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_422(self, call, path, body):
        assert call("POST", path, json=body).status_code == 422

    def test_a_deleted_set_takes_all_of_it_along(self, call, create, made, truth):
        create("/variablevalues/", {"variable_id": made["text"], "variant_id": made["variant"], "value": "x"})
        call("DELETE", f"/variablesets/{made['set']}/")
        for table in ("variants", "variables", "variablevalues"):
            assert made["set"] not in [row["variable_set_id"] for row in truth(table)]

    @pytest.mark.parametrize("status", [404, 405])
    def test_values_may_have_no_delete(self, emulator, call, truth, status):
        emulator.change(value_delete=status)
        assert call("DELETE", f"/variablevalues/{truth('variablevalues')[0]['id']}/").status_code == status


class TestAssignments:
    @pytest.fixture
    def body(self, truth):
        facts = {"document": truth("documents")[4]["id"], "type": "review", "lang": "en"}
        return {**facts, "assignees": {"users": [3], "groups": []}, "start_date": 1, "end_date": "2"}

    def test_document_goes_in_and_document_id_comes_out(self, create, body, truth):
        row = create("/assignments/", body)
        assert row["document_id"] == body["document"]
        assert (row["start_date"], row["end_date"], row["user_statuses"]) == (1, 2, [])
        assert "document" not in row
        assert row in truth("assignments")

    @pytest.mark.parametrize(
        "change",
        [
            {"assignees": {}}, {"assignees": {"users": [], "groups": []}}, {"assignees": {"users": [MISSING]}},
            {"assignees": [3]}, {"assignees": {"teams": [3]}}, {"document": MISSING}, {"type": "reading"},
            {"start_date": "soon"}, {"status": "draft"},
        ],
        ids=str,
    )  # fmt: skip
    def test_what_does_not_fit_is_422(self, call, body, change):
        assert call("POST", "/assignments/", json={**body, **change}).status_code == 422

    def test_its_type_stays(self, call, truth):
        row = truth("assignments")[0]["id"]
        assert call("PUT", f"/assignments/{row}/", json={"type": "review"}).status_code == 422
        assert call("PUT", f"/assignments/{row}/", json={"status": "finished"}).json()["status"] == "finished"

    def test_there_is_no_filter_by_document(self, call, truth):
        row = truth("assignments")[0]
        listed = call("GET", f"/assignments/?document={row['document_id']}").json()["assignments"]
        assert listed == truth("assignments")


def test_values_may_be_strings_everywhere(emulator, call):
    emulator.change(values="strings")
    setting = call("GET", "/publishsettings/").json()["publishsettings"][0]
    assert (setting["reuse"], setting["shared"], setting["creator"]) == ("true", "false", "2")
    image = call("GET", "/images").json()["images"][0]
    assert (image["creator"], image["owner"], image["author"]) == ("2", "2", "2")
    assert call("GET", "/assignments/").json()["assignments"][0]["issuer_id"] == "2"
    assert call("GET", "/imports/").json()["imports"][0]["user"] == "2"
    assert call("GET", "/productions/").json()["productions"][0]["steps"] == {"total": "20", "count": "20"}
    folder = emulator.truth("folders")[0]
    assert call("GET", f"/folders/{folder['id']}").json() == folder
    assert {type(child["id"]) for child in folder["children"]} == {str}
