"""Somebody else's client against the emulator, over every resource it covers: so it is not only what we think.

pypaligo (MIT) is written after the newer reference. Where it and our facts disagree, the emulator follows the facts:
- it takes `next_page` to repeat the filters, which nobody knows (switch `next_page`);
- it always offers `parent` for an image, which one instance is said to refuse (switch `image_parent`);
- its readme calls a publish setting `publishsetting.1234-5678`; in answers that were seen, the id is a number;
- it has no delete for variable values, which only the table of rate limits mentions.
"""

from __future__ import annotations

import io
import zipfile

import pypaligo
import pytest
import requests

from connectors.paligo.emulator import API_KEY, USERNAME, Account, Emulator

MISSING = 999_999


@pytest.fixture
def emulator():
    account = Account.generate(documents=40, images=15, taxonomies=14, publish_settings=12, users=12, groups=12, jobs=1)
    with Emulator(account) as running:
        running.change(next_page="filters")
        yield running


@pytest.fixture
def client(emulator):
    with requests.Session() as session:
        session.trust_env = False
        base = f"{emulator.url}/api/v2"
        with pypaligo.PaligoClient(base, username=USERNAME, api_key=API_KEY, session=session) as made:
            yield made


@pytest.fixture
def truth(emulator):
    return lambda table: emulator.truth(table, emulator.url)


def finished(read, key):
    """The job after the polls it takes."""
    for _ in range(5):
        job = read(key)
        if job["status"] != "running":
            return job
    raise AssertionError(job)


class TestDocuments:
    def test_list_iterate_and_get(self, client, truth):
        root = [row for row in truth("documents") if row["parent_resource"] == 0]
        assert client.documents.iter(per_page=2) == [{**row, "content": ""} for row in root]
        assert client.documents.list(per_page=3, page=2) == [{**row, "content": ""} for row in root[3:6]]
        assert client.documents.get(root[0]["id"]) == root[0]

    def test_every_filter(self, client, truth):
        row = next(row for row in truth("documents") if row["checkout"])
        same = {name: row[name] for name in ("name", "creator", "owner", "author", "checkout")}
        times = {f"{when}_{end}_at": row[f"{when}_at"] for when in ("created", "modified") for end in ("start", "end")}
        assert client.documents.iter(parent=row["parent_resource"], **same, **times) == [{**row, "content": ""}]

    def test_create_in_each_of_three_ways_update_and_delete(self, client, truth):
        folder = truth("folders")[0]["id"]
        plain = client.documents.create(name="A", parent=folder, subtype="component", custom_attributes=[])
        typed = client.documents.create(name="B", content="<section/>", subtype="note")
        copied = client.documents.create(name="C", template=typed["id"])
        assert (plain["parent_resource"], copied["content"], copied["subtype"]) == (folder, "<section/>", "note")
        attributes = [{"name": "audience", "value": "service"}]
        changed = client.documents.update(
            typed["id"], name="D", content="<section><title/></section>", checkout=True, custom_attributes=attributes
        )
        assert (changed["name"], changed["checkout"], changed["custom_attributes"]) == ("D", True, attributes)
        assert changed in truth("documents")
        client.documents.delete(typed["id"])
        with pytest.raises(pypaligo.PaligoNotFoundError):
            client.documents.get(typed["id"])

    @pytest.mark.parametrize("status", ["STATUS_NOT_RELEASED", "STATUS_IN_TRANSLATION", "STATUS_RELEASED"])
    def test_release_status(self, client, truth, status):
        assert client.documents.set_release_status(truth("documents")[0]["id"], status)["release_status"][0] in "WIR"

    def test_taxonomies_are_added_to_those_it_has(self, client, truth):
        row = next(row for row in truth("documents") if len(row["taxonomies"]) == 1)
        other = truth("taxonomies")[-1]["id"]
        tags = client.documents.add_taxonomies(row["id"], [other])["taxonomies"]
        assert [tag["id"] for tag in tags] == [row["taxonomies"][0]["id"], other]


def test_folders(client, truth):
    top = [row for row in truth("folders") if row["name"] in ("Folder 1", "Folder 4")]
    assert client.folders.iter(per_page=1) == [{**row, "children": ""} for row in top]
    assert client.folders.list(parent=top[0]["id"])[0]["name"] == "Folder 2"
    assert client.folders.get(top[0]["id"]) == top[0]
    assert client.folders.create(title="New", parent=str(top[0]["id"])) in truth("folders")


def test_forks(client, truth):
    publication = next(row for row in truth("documents") if row["type"] == "publication")["id"]
    tops = [fork for fork in truth("forks") if fork["parent"] == publication]
    assert client.forks.iter(publication, per_page=2) == tops
    assert client.forks.list(parent=tops[0]["id"])[0]["depth"] == 2
    made = client.forks.create(parent=publication, document=truth("documents")[-1]["id"], position=1)
    assert client.forks.get(made["id"]) == made
    assert client.forks.list(parent=publication)[0] == made
    client.forks.delete(made["id"])
    assert [fork["id"] for fork in client.forks.iter(publication)] == [fork["id"] for fork in tops]


class TestImages:
    def test_list_iterate_and_get(self, client, truth):
        folder = truth("folders")[0]["id"]
        below = client.images.iter(parent=folder, per_page=1)
        assert below
        assert all(row in truth("images") for row in below)
        assert len(client.images.iter(name="unused", size="lpr", variant="de")) == 13
        assert client.images.get(below[0]["id"]) == below[0]
        assert client.images.list(page=2, per_page=5)

    def test_upload_and_replace(self, client, emulator, truth, tmp_path):
        file = tmp_path / "käbel.png"
        file.write_bytes(b"\x89PNG\r\n\x1a\n first \r\n")
        folder = truth("folders")[0]["id"]
        made = client.images.create(str(file), parent=folder, variant="de", trim=True, size="hpr")
        assert made["name"] == "käbel.png"
        assert made in truth("images")
        assert made in client.images.iter(parent=folder)
        assert client.images.update(made["id"], io.BytesIO(b"second"), size="lpr")["id"] == made["id"]
        assert emulator.account.find(made["id"], "images")["files"] == {
            ("de", "hpr"): file.read_bytes(), ("", "lpr"): b"second",
        }  # fmt: skip

    def test_where_parent_is_refused_it_says_so(self, client, emulator, truth):
        emulator.change(image_parent="refused")
        with pytest.raises(pypaligo.PaligoAPIError) as caught:
            client.images.create(io.BytesIO(b"x"), parent=truth("folders")[0]["id"])
        assert caught.value.status_code == 422
        assert client.images.create(io.BytesIO(b"x"))["id"]


class TestSearch:
    def test_by_uuid(self, client, truth):
        for resource in ("documents", "forks"):
            row = truth(resource)[3]
            assert client.search.find_by_uuid(row["uuid"], resource) == row["id"]
        assert client.search.find_by_uuid("UUID-0") is None

    def test_every_condition(self, client, truth):
        build = client.search
        where = [
            build.where_equals("type", "component"),
            build.where_has("languages", values=["sv"]),
            build.where_has("languages", value="en"),
            build.where_after("created_at", 1),
            build.where_before("created_at", 2_000_000_000),
            build.where_between("modified_at", 1, 2_000_000_000),
            build.where_contains_block_element("content", "para"),
        ]
        found = client.search.query("documents", where, per_page=100)
        fits = [row["id"] for row in truth("documents") if row["type"] == "component" and "sv" in row["languages"]]
        assert [row["id"] for row in found["items"]] == fits
        assert len(client.search.query("taxonomies", per_page=5, page=2)["items"]) == 5


def test_imports(client, truth, tmp_path):
    archive, folder = tmp_path / "pages.zip", truth("folders")[0]["id"]
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("pump.html", "<p/>")
        made.writestr("pump.png", "x")
    started = client.imports.create(
        str(archive), parent=folder, type="openapi", match_components=False, generate_hazard=False,
        ignore_warnings=True, import_missing_images=False, zendesk_category="7",
        openapi_languages=["python", "php"], openapi_maxdepth=3,
        title_prefix="ACME ", folder_numbering=False, folder_levels=2, use_varset_id=truth("variablesets")[0]["id"],
    )  # fmt: skip
    assert (started["status"], started["steps"]) == ("running", {"total": "1", "count": "0"})
    assert started in client.imports.list(status="running", user="2")
    assert finished(client.imports.get, started["id"])["status"] == "done"
    assert [row["parent_resource"] for row in truth("documents") if row["name"] == "ACME pump"] == [folder]
    with archive.open("rb") as file:
        assert client.imports.create(file)["status"] == "running"


def test_productions_and_outputs(client, truth, tmp_path):
    setting = truth("publishsettings")[0]
    started = client.productions.create(str(setting["id"]))
    assert (started["status"], started["url"]) == ("running", "")
    assert started in client.productions.list(per_page=50)
    done = finished(client.productions.get, started["id"])
    assert (done["status"], done["steps"]) == ("done", {"total": 20, "count": 20})
    name = done["url"].rpartition("/")[2]
    target = tmp_path / "out.zip"
    client.outputs.download(name, str(target))
    assert target.read_bytes() == client.outputs.get(name)
    assert "pub/out/transformation.log" in zipfile.ZipFile(target).namelist()


def test_publish_settings(client, truth):
    assert client.publish_settings.iter(per_page=5) == truth("publishsettings")
    row = truth("publishsettings")[1]
    same = [each for each in truth("publishsettings") if (each["format"], each["resource"]) == ("pdf", row["resource"])]
    assert client.publish_settings.list(format="pdf", resource=row["resource"]) == same
    assert client.publish_settings.get(row["id"]) == row


def test_translation_exports(client, truth):
    first, second = (row["id"] for row in truth("documents")[5:7])
    with pytest.raises(pypaligo.PaligoAPIError):
        client.translation_exports.create(first, source="en", target=["sv"], format="po")
    client.documents.set_release_status(first, "STATUS_IN_TRANSLATION")
    assert client.translation_exports.create(first, source="en", target=["sv"], format="po")["status"] == "running"
    started = client.translation_exports.create(
        [first, second], source="en", target=["sv", "de"], format="xliff",
        approved=True, fuzzy=False, force=True, preview=False, varinfo=True,
    )  # fmt: skip
    done = finished(client.translation_exports.get, started["id"])
    assert done["url"].endswith(".zip")
    assert done in client.translation_exports.list()


def test_translation_imports(client, truth, tmp_path):
    file, document = tmp_path / "sv.xlf", truth("documents")[5]["id"]
    file.write_text("<xliff/>")
    options = {"document": [document], "target": ["sv"], "honor_status": False}
    with pytest.raises(pypaligo.PaligoAPIError):
        client.translation_imports.create(str(file), **options)
    started = client.translation_imports.create(str(file), **options, force=True)
    assert finished(client.translation_imports.get, started["id"])["status"] == "done"
    assert started["id"] in [row["id"] for row in client.translation_imports.list()]


def test_taxonomies(client, truth):
    top = client.taxonomies.iter(per_page=1)
    assert top == [row for row in truth("taxonomies") if row["parent"] == 0]
    assert client.taxonomies.list(title="hard", color=2) == top[:1]
    made = client.taxonomies.create(title="Seals", color=4, parent=top[0]["id"])
    assert made in client.taxonomies.list(parent=top[0]["id"], per_page=100)
    assert client.taxonomies.update(made["id"], title="Gaskets", color=1, parent=top[1]["id"]) in truth("taxonomies")
    assert client.taxonomies.get(made["id"])["title"] == "Gaskets"
    with pytest.raises(pypaligo.PaligoAPIError):
        client.taxonomies.delete(top[1]["id"])
    client.taxonomies.delete(top[1]["id"], force=True)
    with pytest.raises(pypaligo.PaligoNotFoundError):
        client.taxonomies.get(made["id"])


def test_variables_in_all_four_kinds_of_rows(client, truth):
    number = client.variable_sets.create(title="Pumps")["id"]
    assert client.variable_sets.update(number, title="All pumps") == client.variable_sets.get(number)
    assert client.variable_sets.iter(per_page=2) == client.variable_sets.list() == truth("variablesets")
    variant = client.variants.create(title="Acme 1", variable_set_id=number)
    other = client.variants.create(title="Acme 3", variable_set_id=number)
    variant = client.variants.update(variant["id"], title="Acme 2")
    assert client.variants.get(variant["id"]) == variant
    assert client.variants.list(variable_set_id=number) == client.variants.iter(variable_set_id=number, per_page=1)
    variable = client.variables.create(title="Height", type="text", variable_set_id=number)
    assert client.variables.iter(variable_set_id=number) == client.variables.list(variable_set_id=number) == [variable]
    image = client.variables.create(title="Logo", type="image", variable_set_id=number)
    first = client.variable_values.create(variable_id=variable["id"], variant_id=variant["id"], value="120 mm")
    second = client.variable_values.create(
        variable_id=image["id"], variant_id=other["id"], value={"id": truth("images")[0]["id"]}
    )
    assert client.variable_values.iter(variable_set_id=number, per_page=1) == [first, second]
    assert client.variable_values.list(variable_id=variable["id"], variant_id=variant["id"]) == [first]
    assert client.variable_values.update(first["id"], value="130 mm") == client.variable_values.get(first["id"])
    assert client.variables.update(variable["id"], title="Height", type="translation")["type"] == "translation"
    texts = [{"language": "en", "value": "Hello"}]
    assert client.variable_values.update(first["id"], value=texts) in truth("variablevalues")
    with pytest.raises(pypaligo.PaligoAPIError):
        client.variables.update(variable["id"], title="Height", type="image")
    client.variables.delete(image["id"])
    client.variants.delete(variant["id"])
    assert client.variable_values.list(variable_set_id=number) == []
    client.variable_sets.delete(number)
    with pytest.raises(pypaligo.PaligoNotFoundError):
        client.variables.get(variable["id"])


def test_groups_and_users(client, truth):
    assert client.users.iter(per_page=5) == truth("users")
    assert client.users.list(type="admin") == truth("users")[:1]
    assert client.users.get(3)["name"] == "Jane Doe"
    assert [group["id"] for group in client.groups.iter(per_page=5)] == [group["id"] for group in truth("groups")]
    assert client.groups.list(type="access")[0]["name"] == "Everyone"
    assert client.groups.get(1) == truth("groups")[0]


def test_assignments(client, truth):
    assert client.assignments.iter(per_page=2) == truth("assignments")
    row = truth("documents")[5]["id"]
    made = client.assignments.create(
        assignees={"users": [2, 3], "groups": [2]}, document=row, type="review", lang="sv", start_date=1, end_date=2,
        message="Soon.",
    )  # fmt: skip
    assert (made["document_id"], made["message"], made["issuer_id"]) == (row, "Soon.", 2)
    asked = {"status": made["status"], "lang": "sv", "type": "review", "issuer": 2, "users": 2, "groups": 2}
    assert client.assignments.list(**asked) == [made]
    changed = client.assignments.update(
        made["id"], assignees={"users": [5]}, document=row, lang="de", status="finished", message="", start_date=3,
        end_date=4,
    )  # fmt: skip
    assert client.assignments.get(made["id"]) == changed
    assert (changed["status"], changed["start_date"]) == ("finished", 3)
    assert client.assignments.list(users=5, lang="de") == [changed]
    assert client.assignments.delete(made["id"])["message"]
    with pytest.raises(pypaligo.PaligoNotFoundError):
        client.assignments.get(made["id"])


class TestErrors:
    def test_wrong_credentials(self, emulator):
        with (
            pypaligo.PaligoClient(f"{emulator.url}/api/v2", username=USERNAME, api_key="0") as client,
            pytest.raises(pypaligo.PaligoAuthError),
        ):
            client.groups.list()

    def test_an_account_without_rights(self, client, emulator):
        emulator.change(non_admin=403)
        with pytest.raises(pypaligo.PaligoAuthError):
            client.users.list()

    def test_it_waits_as_long_as_it_is_told(self, client, emulator, monkeypatch):
        waits = []
        monkeypatch.setattr("pypaligo.transport.time.sleep", waits.append)
        emulator.change(plan="business")
        for _ in range(50):
            client.groups.list()
        with pytest.raises(pypaligo.PaligoRateLimitError) as caught:
            client.groups.list()
        assert len(waits) == 3
        assert 1 <= caught.value.retry_after <= 60


def test_it_loses_its_filters_where_next_page_does_not_repeat_them(client, emulator, truth):
    """Why our own pages are asked for with all parameters again."""
    folder = truth("folders")[0]["id"]
    emulator.change(next_page="plain")
    below = [row["id"] for row in truth("documents") if row["parent_resource"] == folder]
    assert [row["id"] for row in client.documents.iter(parent=folder, per_page=2)] != below
    emulator.change(next_page="filters")
    assert [row["id"] for row in client.documents.iter(parent=folder, per_page=2)] == below
