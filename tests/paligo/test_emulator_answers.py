"""What the emulated service answers: the live shapes and the quirks that clients have to live with."""

import json

import pytest
import requests

from connectors.paligo.emulator import API_KEY, USERNAME, Account, Emulator


@pytest.fixture(scope="module")
def emulator():
    with Emulator(Account.generate(documents=60, folders=6, publications=2)) as running:
        yield running


@pytest.fixture
def call(emulator):
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (USERNAME, API_KEY)

        def send(method, path, **options):
            return session.request(method, f"{emulator.url}/api/v2{path}", allow_redirects=False, timeout=20, **options)

        yield send


def first(emulator, table, **facts):
    return next(row for row in emulator.truth(table) if all(row[key] == value for key, value in facts.items()))


@pytest.mark.parametrize("group", ["documents", "folders", "forks", "groups", "users"])
def test_a_list_is_an_envelope_whose_items_stand_under_the_path_segment(call, group):
    assert set(call("GET", f"/{group}").json()) == {"page", "next_page", "total_pages", group}


def test_pages_follow_each_other_by_id_and_an_empty_text_ends_them(emulator, call):
    address, ids = f"{emulator.url}/api/v2/users?per_page=2", []
    while address:
        page = call("GET", address.removeprefix(f"{emulator.url}/api/v2"), params={"per_page": 2}).json()
        ids += [user["id"] for user in page["users"]]
        address = page["next_page"]
    assert ids == [2, 3, 5]
    assert page["next_page"] == ""
    assert page["total_pages"] == 2


def test_a_page_beyond_the_end_is_empty(call):
    page = call("GET", "/users?page=99").json()
    assert (page["users"], page["next_page"]) == ([], "")


@pytest.mark.parametrize("per_page", ["0", "-1", "x", "9" * 5000, "²"])
def test_a_page_size_that_is_none_gives_the_default(call, per_page):
    assert len(call("GET", "/documents", params={"per_page": per_page, "parent": 0}).json()["documents"]) == 9


def test_unknown_query_parameters_are_ignored(call):
    assert call("GET", "/users?colour=red").json() == call("GET", "/users").json()


@pytest.mark.parametrize("path", ["/documents", "/documents/", "/folders/", "/users", "/users/2", "/users/2/"])
def test_both_slash_forms_are_answered(call, path):
    assert call("GET", path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/publishsetting", "/layouts", "/documents/1", "/documents/x", "/documents/1/2", "//users", "/users/2/x", ""],
)
def test_unknown_ids_and_paths_are_404(call, path):
    assert call("GET", path).status_code == 404


def test_a_method_that_a_path_lacks_is_405(call):
    assert call("PATCH", "/documents").status_code == 405
    assert call("HEAD", "/documents").status_code == 405


@pytest.mark.parametrize("path", ["/documents", "/documents/1", "/nothing", "/users/2/"])
@pytest.mark.parametrize("auth", [None, (USERNAME, "0"), ("x@acme.example", API_KEY), ("", "")])
def test_wrong_credentials_are_401_on_every_path(emulator, path, auth):
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(f"{emulator.url}/api/v2{path}", auth=auth, timeout=20).status_code == 401


def test_credentials_in_the_address_or_body_do_not_count(emulator):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{emulator.url}/api/v2/users", params={"username": USERNAME, "key": API_KEY}, timeout=20)
    assert answer.status_code == 401


def test_the_error_body_is_obviously_made_up(call):
    assert "emulated-error" in call("GET", "/documents/1").json()


class TestDocuments:
    def test_content_is_empty_in_a_list_and_whole_alone(self, emulator, call):
        listed = call("GET", "/documents?per_page=100").json()["documents"][-1]
        alone = call("GET", f"/documents/{listed['id']}").json()
        assert listed == {**alone, "content": ""}
        assert alone["content"].startswith("<?xml")
        assert alone in emulator.truth("documents")

    def test_it_has_the_live_fields_and_types(self, emulator, call):
        row = first(emulator, "documents", type="component", checkout=False)
        row = call("GET", f"/documents/{row['id']}").json()
        assert row["checkout"] is False
        assert row["checkout_user"] == ""
        assert type(row["creator"]) is type(row["created_at"]) is int
        assert row["external"] == []
        assert row["release_status"] == "Work in progress"
        assert row["languages"][0] == "en"

    def test_some_were_created_after_they_were_modified(self, emulator):
        assert [row for row in emulator.truth("documents") if row["created_at"] > row["modified_at"]]

    def test_some_are_checked_out_by_a_user(self, emulator):
        assert first(emulator, "documents", checkout=True)["checkout_user"] == 3

    def test_content_holds_segments_a_link_and_an_image(self, emulator):
        text = "".join(row["content"] for row in emulator.truth("documents"))
        assert 'xinfo:text="' in text
        assert 'xlink:href="urn:resource:component:' in text
        assert 'xinfo:image="UUID-' in text

    def test_a_uuid_stands_for_the_id(self, emulator, call):
        row = first(emulator, "documents", type="component")
        assert call("GET", f"/documents/{row['uuid']}").json() == row

    def test_without_parent_only_the_root_is_listed_and_parent_excludes_subfolders(self, emulator, call):
        def ids(path):
            return {row["id"] for row in call("GET", path).json()["documents"]}

        assert ids("/documents?per_page=100") == {
            row["id"] for row in emulator.truth("documents") if row["parent_resource"] == 0
        }
        folder = first(emulator, "folders", name="Folder 1")
        below = {row["id"] for row in emulator.truth("documents") if row["parent_resource"] == folder["id"]}
        assert ids(f"/documents?per_page=100&parent={folder['id']}") == below
        assert ids(f"/documents?per_page=100&parent={folder['uuid']}") == below
        assert ids("/documents?parent=999999") == set()

    @pytest.mark.parametrize(
        ("query", "fits"),
        [
            ("modified_start_at=1704000000", lambda row: row["modified_at"] >= 1704000000),
            ("modified_end_at=1704000000", lambda row: row["modified_at"] <= 1704000000),
            (
                "created_start_at=1700001000&created_end_at=1700002000",
                lambda row: 1700001000 <= row["created_at"] <= 1700002000,
            ),
            ("checkout=true", lambda row: row["checkout"]),
            ("author=2&owner=2", lambda row: True),
            ("creator=3", lambda row: False),
            ("name=guide", lambda row: "Guide" in row["name"]),
        ],
    )
    def test_filters(self, emulator, call, query, fits):
        expected = [row["id"] for row in emulator.truth("documents") if row["parent_resource"] == 0 and fits(row)]
        got = call("GET", f"/documents?per_page=100&{query}").json()["documents"]
        assert [row["id"] for row in got] == expected

    def test_create_update_delete(self, emulator, call):
        folder = first(emulator, "folders", name="Folder 1")
        body = {"parent": folder["id"], "name": "New", "subtype": "tip", "content": "<section>ä</section>"}
        made = call("POST", "/documents/", json=body)
        assert made.status_code == 201
        row = made.json()
        assert (row["name"], row["subtype"], row["type"]) == ("New", "tip", "component")
        changed = call("PUT", f"/documents/{row['id']}", json={"name": "Newer", "checkout": "true"})
        assert changed.status_code == 201
        assert changed.json() == call("GET", f"/documents/{row['id']}").json()
        assert changed.json()["modified_at"] > row["modified_at"]
        assert changed.json()["content"] == row["content"]
        assert (changed.json()["checkout"], changed.json()["checkout_user"]) == (True, 2)
        gone = call("DELETE", f"/documents/{row['id']}")
        assert (gone.status_code, gone.content) == (204, b"")
        assert call("GET", f"/documents/{row['id']}").status_code == 404
        assert call("DELETE", f"/documents/{row['id']}").status_code == 404

    def test_created_from_a_template_it_has_its_content(self, emulator, call):
        template = first(emulator, "documents", type="component")
        made = call("POST", "/documents", json={"name": "Copy", "template": template["id"]}).json()
        assert (made["content"], made["subtype"], made["parent_resource"]) == (template["content"], "component", 0)
        call("DELETE", f"/documents/{made['id']}")

    @pytest.mark.parametrize("body", [{"name": "x"}, {"subtype": "section"}, {}])
    def test_a_missing_or_wrong_subtype_is_400(self, call, body):
        assert call("POST", "/documents", json=body).status_code == 400

    @pytest.mark.parametrize(
        "body",
        [
            b'{"colour": "red"}', b'{"parent": 1}', b'{"subtype": "tip"}', b'{"name": 7}', b"[]", b"{", b"\xff",
            b'{"content": "<a>"}', b'{"content": "\\ud800"}', b'{"taxonomies": [1]}', b'{"taxonomies": "x"}',
            b'{"release_status": "Released"}', b'{"checkout": 1}', b'{"custom_attributes": [{"x": 1}]}', b"[" * 99999,
        ],
    )  # fmt: skip
    def test_a_body_that_does_not_fit_is_422_and_changes_nothing(self, emulator, call, body):
        row = emulator.truth("documents")[5]
        assert call("PUT", f"/documents/{row['id']}", data=body).status_code == 422
        assert emulator.truth("documents")[5] == row

    def test_status_goes_in_as_a_constant_and_comes_out_as_a_label(self, emulator, call):
        row = emulator.truth("documents")[6]
        call("PUT", f"/documents/{row['id']}", json={"release_status": "STATUS_RELEASED"})
        assert emulator.truth("documents")[6]["release_status"] == "Released"

    def test_taxonomies_go_in_as_ids_and_come_out_as_objects(self, emulator, call):
        row, tag = emulator.truth("documents")[6], emulator.truth("taxonomies")[0]
        answer = call("PUT", f"/documents/{row['id']}", json={"taxonomies": [str(tag["id"])]}).json()
        assert answer["taxonomies"] == [{"id": tag["id"], "title": "Hardware", "color": 2}]


class TestFolders:
    def test_children_are_an_empty_text_in_a_list_and_mixed_alone(self, emulator, call):
        listed = call("GET", "/folders").json()["folders"]
        assert [row["children"] for row in listed] == ["", ""]
        alone = call("GET", f"/folders/{listed[0]['id']}").json()
        assert {child["type"] for child in alone["children"]} == {"folder", "publication", "component", "image"}
        assert set(alone["children"][0]) == {"id", "name", "uuid", "type"}
        assert alone in emulator.truth("folders")

    def test_they_are_nested_three_deep(self, emulator):
        def depth(folder):
            below = [child["id"] for child in folder["children"] if child["type"] == "folder"]
            return 1 + max((depth(first(emulator, "folders", id=number)) for number in below), default=0)

        assert depth(first(emulator, "folders", name="Folder 1")) == 3

    def test_folder_0_answers_the_list_of_the_top_folders(self, call):
        assert call("GET", "/folders/0").json() == call("GET", "/folders").json()

    def test_parent_lists_the_folders_below(self, emulator, call):
        top = first(emulator, "folders", name="Folder 1")
        below = call("GET", f"/folders?parent={top['id']}").json()["folders"]
        assert [row["name"] for row in below] == ["Folder 2"]

    def test_a_document_id_is_404(self, emulator, call):
        assert call("GET", f"/folders/{emulator.truth('documents')[0]['id']}").status_code == 404

    def test_created_with_title_it_is_read_as_name(self, emulator, call):
        top = first(emulator, "folders", name="Folder 1")
        made = call("POST", "/folders/", json={"title": "Fresh", "parent": str(top["id"])})
        assert made.status_code == 201
        assert (made.json()["name"], made.json()["children"]) == ("Fresh", [])
        assert "Fresh" in [child["name"] for child in call("GET", f"/folders/{top['id']}").json()["children"]]

    @pytest.mark.parametrize("body", [{"name": "x"}, {}, {"title": "x", "parent": 1}])
    def test_without_title_it_is_422(self, call, body):
        assert call("POST", "/folders/", json=body).status_code == 422


class TestForks:
    def test_direct_children_only_each_with_its_whole_document(self, emulator, call):
        publication = first(emulator, "documents", type="publication")
        tops = call("GET", f"/forks?per_page=100&parent={publication['id']}").json()["forks"]
        assert [fork["depth"] for fork in tops] == [1] * len(tops)
        assert tops[0]["document"] == first(emulator, "documents", id=tops[0]["document"]["id"])
        below = call("GET", f"/forks?parent={tops[0]['id']}").json()["forks"]
        assert {(fork["depth"], fork["parent"], fork["root_document"]) for fork in below} == {
            (2, tops[0]["id"], publication["id"])
        }
        assert call("GET", f"/forks/{below[0]['id']}").json() == below[0]
        assert call("GET", "/forks").json()["forks"] == []

    def test_create_shifts_later_siblings_and_delete_takes_all_below(self, emulator, call):
        publication, topic = emulator.truth("documents")[1], emulator.truth("documents")[9]
        parent = publication["id"]
        before = [fork["id"] for fork in call("GET", f"/forks?per_page=100&parent={parent}").json()["forks"]]
        made = call("POST", "/forks/", json={"parent": parent, "document": topic["id"], "position": "1"})
        assert made.status_code == 201
        below = call("POST", "/forks/", json={"parent": made.json()["id"], "document": topic["id"], "position": None})
        assert below.json()["depth"] == 2
        after = [fork["id"] for fork in call("GET", f"/forks?per_page=100&parent={parent}").json()["forks"]]
        assert after == [made.json()["id"], *before]
        assert call("DELETE", f"/forks/{made.json()['id']}").status_code == 204
        assert call("GET", f"/forks/{below.json()['id']}").status_code == 404

    @pytest.mark.parametrize("body", [{"parent": 1}, {"document": 1}, {"parent": 1, "document": 1}])
    def test_what_names_nothing_is_422(self, call, body):
        assert call("POST", "/forks/", json=body).status_code == 422

    def test_a_deleted_document_takes_its_forks_along(self, emulator, call):
        topic, publication = call("POST", "/documents", json={"subtype": "note"}).json(), emulator.truth("documents")[0]
        fork = call("POST", "/forks", json={"parent": publication["id"], "document": topic["id"]}).json()
        call("DELETE", f"/documents/{topic['id']}")
        assert call("GET", f"/forks/{fork['id']}").status_code == 404


class TestSearch:
    @pytest.fixture
    def find(self, call):
        def send(*where, resource="documents"):
            body = {"resource": resource, "per_page": 100, "where": list(where)}
            answer = call("POST", "/search/", json=body)
            assert answer.status_code == 201
            return answer.json()["items"]

        return send

    def test_without_conditions_it_lists_everything_in_its_own_envelope(self, emulator, call):
        answer = call("POST", "/search", json={"resource": "documents", "page": 2, "per_page": "7"}).json()
        assert list(answer) == ["page", "total_pages", "per_page", "items"]
        assert (answer["page"], answer["per_page"]) == (2, 7)
        assert answer["items"] == [{**row, "content": ""} for row in emulator.truth("documents")[7:14]]

    @pytest.mark.parametrize(
        ("condition", "fits"),
        [
            (
                {"operator": "before", "property": "modified_at", "value": 1704000000},
                lambda row: row["modified_at"] < 1704000000,
            ),
            (
                {"operator": "after", "property": "created_at", "value": "1700001000"},
                lambda row: row["created_at"] > 1700001000,
            ),
            (
                {"operator": "between", "property": "created_at", "start": 1700000600, "end": 1700001200},
                lambda row: 1700000600 <= row["created_at"] <= 1700001200,
            ),
            (
                {"operator": "equals", "property": "type", "value": "publication"},
                lambda row: row["type"] == "publication",
            ),
            ({"operator": "has", "property": "languages", "value": "sv"}, lambda row: "sv" in row["languages"]),
            (
                {"operator": "has", "property": "languages", "values": ["sv", "de"]},
                lambda row: "sv" in row["languages"],
            ),
            (
                {"operator": "containsblockelement", "property": "content", "value": "mediaobject"},
                lambda row: "<mediaobject" in row["content"],
            ),
        ],
    )
    def test_operators(self, emulator, find, condition, fits):
        expected = [row["id"] for row in emulator.truth("documents") if fits(row)]
        assert 0 < len(expected) < 60
        assert [row["id"] for row in find(condition)] == expected

    def test_all_conditions_are_to_hold(self, emulator, find):
        uuid = emulator.truth("documents")[3]["uuid"]
        same = {"operator": "equals", "property": "uuid", "value": uuid}
        assert [row["uuid"] for row in find(same)] == [uuid]
        assert find(same, {"operator": "equals", "property": "name", "value": "other"}) == []

    def test_forks_and_taxonomies_are_found_too(self, emulator, find):
        assert find(resource="taxonomies") == emulator.truth("taxonomies")
        parent = {"operator": "equals", "property": "parent", "value": emulator.truth("documents")[0]["id"]}
        assert {fork["depth"] for fork in find(parent, resource="forks")} == {1}

    @pytest.mark.parametrize(
        "body",
        [
            {}, {"resource": "images"}, {"resource": []}, {"resource": "documents", "sort": "id"},
            {"resource": "documents", "page": "x"}, {"resource": "documents", "where": {}},
            *(
                {"resource": "documents", "where": [condition]}
                for condition in (
                    1, {}, {"operator": "or"}, {"operator": []},
                    {"operator": "equals", "property": "subtype", "value": "tip"},
                    {"operator": "equals", "property": "name"},
                    {"operator": "equals", "property": "content", "value": "x"},
                    {"operator": "equals", "property": "languages", "value": "x"},
                    {"operator": "has", "property": "name", "value": "x"},
                    {"operator": "has", "property": "languages"},
                    {"operator": "has", "property": "languages", "values": 3},
                    {"operator": "before", "property": "name", "value": 3},
                    {"operator": "before", "property": "created_at", "value": "9" * 5000},
                    {"operator": "between", "property": "created_at", "start": 3},
                    {"operator": "containsblockelement", "property": "name", "value": "x"},
                )
            ),
        ],
        ids=json.dumps,
    )  # fmt: skip
    def test_what_it_does_not_understand_is_422(self, call, body):
        assert call("POST", "/search/", json=body).status_code == 422


def test_groups_show_their_users_only_alone(call):
    listed = call("GET", "/groups?type=access").json()["groups"]
    assert listed == [{"id": 2, "name": "Everyone", "type": "access"}]
    users = call("GET", "/groups/2").json()["users"]
    assert users[1] == call("GET", "/users/3/").json()
    assert set(users[1]) == {"id", "username", "name", "email", "type"}


def test_the_same_seed_makes_the_same_account_and_another_one_does_not():
    def content(**options):
        account = Account.generate(documents=30, **options)
        return [account.truth(table) for table in ("documents", "folders", "forks", "images")]

    assert content() == content()
    assert content() != content(seed=2)


def test_1000_documents_are_1000_with_the_publications():
    assert len(Account.generate(documents=1000, publications=5).truth("documents")) == 1000
