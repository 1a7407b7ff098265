from __future__ import annotations

import base64
import json
import zipfile
from io import BytesIO

import pytest

from connectors import InvalidInput, NotFoundError, OutcomeUnknown, RejectedError, root
from connectors.paligo import connector, contracts
from connectors.paligo.actions import ACTIONS
from connectors.paligo.emulator import operations as emulated
from connectors.paligo.operations import BASE, READS, WRITES
from connectors.registry import Registry

FOLDER = root() / "schemas" / "paligo" / "actions"
ROWS = [*WRITES, *READS]
BY_NAME = {row.name: row for row in ROWS}
CREATES = ["create-document", "create-folder", "create-taxonomy", "create-variable-set"]
LEAST = {
    "create-document": {"name": "New", "subtype": "component"},
    "create-folder": {"title": "New"},
    "create-taxonomy": {"title": "New"},
    "create-variable-set": {"title": "New"},
}
TABLES = {
    "create-document": "documents",
    "create-folder": "folders",
    "create-taxonomy": "taxonomies",
    "create-variable-set": "variablesets",
}
JUNK = (0, -1, 1.5, "", "x", "1/2", "../users", "1?a=b", "UUID-1", None, [1], True, "1%2f2", 10**30, "1" * 19)
named = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def test_there_is_an_action_for_each_of_the_thirty_writes():
    assert len(WRITES) == 30
    written = {(each.method, each.path) for each in emulated.OPERATIONS if each.method != "GET"}
    assert {(row.method, row.path) for row in ROWS if row.method != "GET"} == written
    assert [action.name for action in ACTIONS] == sorted(row.name for row in ROWS)
    assert set(ACTIONS) <= set(connector.functions)


@named
def test_each_row_sends_what_paligo_takes(row):
    (taken,) = [each for each in emulated.OPERATIONS if (each.method, each.path) == (row.method, row.path)]
    own = {"page", "per_page"} if row.name == "search" else set()
    assert set(row.body) == set(taken.body or {}) - own
    assert {name for name, each in row.body.items() if each.required} >= set(taken.required)


def test_the_schema_files_are_what_the_table_says():
    made = contracts.files()
    assert sorted(made) == sorted(file.name for file in FOLDER.glob("*"))
    for name, content in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content, f"{name}: python -m connectors.paligo.contracts"


def test_writing_the_schema_files_removes_those_of_actions_that_are_no_more(tmp_path):
    (tmp_path / "old.input.json").write_text("{}")
    assert len(contracts.write(tmp_path)) == 2 * len(ROWS)
    assert sorted(file.name for file in tmp_path.glob("*")) == sorted(contracts.files())


@named
def test_each_contract_can_be_used_and_tells_what_its_fields_are(row):
    contract = Registry.load().models.action("paligo", row.name)
    assert contract.output.problem({"no": "such answer"}) is not None
    for name, rule in contract.input.schema["properties"].items():
        assert rule["title"], name
        assert rule["description"].endswith((".", "`")), name


def test_what_deletes_asks_first_and_nothing_else_does():
    asking = {action.name for action in ACTIONS if action.confirm}
    assert asking == {row.name for row in ROWS if row.method == "DELETE"}
    assert {action.name for action in ACTIONS if action.reads} == {"get-document", "search"}


@named
def test_a_field_that_there_is_not_is_refused_before_anything_is_sent(actor, row):
    with pytest.raises(InvalidInput, match="no_such_field"):
        actor.do(row.name, no_such_field=1)
    assert actor.emulator.log == []


@pytest.mark.parametrize("row", [row for row in ROWS if any(each.required for each in row.given.values())], ids=str)
def test_what_is_missing_is_named_before_anything_is_sent(actor, row):
    with pytest.raises(InvalidInput) as caught:
        actor.do(row.name)
    for name, each in row.given.items():
        assert (repr(name) in str(caught.value)) == each.required
    assert actor.emulator.log == []


@pytest.mark.parametrize("row", [row for row in WRITES if row.has_id], ids=lambda row: row.name)
def test_an_id_that_cannot_be_one_is_refused_before_anything_is_sent(actor, row):
    for junk in JUNK:
        with pytest.raises(InvalidInput, match="id"):
            actor.do(row.name, id=junk)
        assert actor.emulator.log == [], junk


@pytest.mark.parametrize("row", [row for row in WRITES if row.method == "DELETE"], ids=lambda row: row.name)
def test_deleting_what_is_not_there_is_a_clear_error(actor, row):
    with pytest.raises(NotFoundError):
        actor.do(row.name, id=999_999)
    assert len(actor.emulator.log) == 1


@pytest.mark.parametrize("name", [row.name for row in WRITES if row.method == "PUT" and not row.by_hand])
def test_a_change_of_nothing_is_refused_before_anything_is_sent(actor, name):
    with pytest.raises(InvalidInput):
        actor.do(name, id=1)
    assert actor.emulator.log == []


@pytest.mark.parametrize("name", CREATES)
def test_a_create_whose_answer_is_lost_is_not_repeated(actor, name):
    table = TABLES[name]
    before = len(actor.emulator.truth(table))
    actor.emulator.fault("truncated", "POST")
    with pytest.raises(Exception, match=r"outcome unknown|may have arrived"):
        actor.do(name, LEAST[name])
    assert len(actor.emulator.log) == 1
    assert len(actor.emulator.truth(table)) == before + 1


@pytest.mark.parametrize("name", CREATES)
def test_a_create_on_a_connection_that_broke_is_not_repeated(actor, name):
    actor.emulator.fault("reset", "POST")
    with pytest.raises(OutcomeUnknown):
        actor.do(name, LEAST[name])
    assert len(actor.emulator.log) == 1


@pytest.mark.parametrize("name", CREATES)
def test_a_create_waits_for_a_budget_that_is_spent_at_paligo(actor, name):
    before = len(actor.emulator.truth(TABLES[name]))
    actor.emulator.fault("status", "POST", status=429, headers={"Retry-After": "6"}, times=2)
    actor.do(name, LEAST[name])
    assert len(actor.emulator.log) == 3
    assert sum(actor.clock.slept) >= 12
    assert len(actor.emulator.truth(TABLES[name])) == before + 1


@pytest.mark.parametrize("name", CREATES)
def test_a_create_that_fails_at_paligo_is_not_repeated(actor, name):
    actor.emulator.fault("status", "POST", status=500)
    with pytest.raises(Exception, match="500"):
        actor.do(name, LEAST[name])
    assert len(actor.emulator.log) == 1


@pytest.mark.parametrize("body", ["", "[]", "null", "<html></html>"])
def test_an_answer_that_is_no_object_says_that_something_was_changed(actor, body):
    actor.emulator.fault("status", "POST", status=201, body=body)
    with pytest.raises(Exception, match="had changed something") as caught:
        actor.do("create-folder", title="New")
    assert caught.value.changed == ("POST /api/v2/folders/",)


def test_an_answer_that_breaks_its_model_says_that_something_was_changed(actor):
    actor.emulator.fault("status", "POST", status=201, body='{"id": []}')
    with pytest.raises(Exception, match="had changed something") as caught:
        actor.do("create-folder", title="New")
    assert caught.value.code == "invalid_action_output"


@pytest.mark.parametrize("content", ["<section>", "<!DOCTYPE a><a/>"])
def test_a_new_documents_content_is_checked_before_anything_is_sent(actor, content):
    with pytest.raises(Exception, match="XML") as caught:
        actor.do("create-document", subtype="component", content=content)
    assert caught.value.code in ("invalid_content", "unsafe_xml")
    assert actor.emulator.log == []


def test_a_new_document_needs_a_subtype_or_a_template(actor):
    with pytest.raises(InvalidInput, match="subtype"):
        actor.do("create-document", name="New")
    assert actor.emulator.log == []
    template = actor.emulator.truth("documents")[4]
    assert actor.do("create-document", name="New", template=template["id"])["subtype"] == template["subtype"]


def test_a_tag_with_others_below_it_goes_only_by_force(actor):
    tag = next(row for row in actor.emulator.truth("taxonomies") if row["title"] == "Hardware")
    with pytest.raises(RejectedError):
        actor.do("delete-taxonomy", id=tag["id"])
    assert actor.do("delete-taxonomy", id=tag["id"], force=True) == {"id": tag["id"], "deleted": True}
    assert actor.emulator.truth("taxonomies") == []


def test_a_value_that_paligo_cannot_delete_is_a_clear_error(actor):
    value = actor.emulator.truth("variablevalues")[0]["id"]
    actor.emulator.change(value_delete=405)
    with pytest.raises(RejectedError) as caught:
        actor.do("delete-variable-value", id=value)
    assert caught.value.status == 405


def test_an_import_takes_its_fields_as_a_form(actor):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("topic.html", "<p>One</p>")
    file = {"name": "pages.zip", "base64": base64.b64encode(content.getvalue()).decode()}
    output = actor.do(
        "create-import", archive=file, type="openapi", openapi_languages=["python", "java"], ignore_warnings=True
    )
    assert output["status"] == "running"
    assert actor.emulator.log[-1].status == 201


def test_the_paths_lie_below_the_api():
    assert BASE == emulated.BASE
    assert all(row.path.startswith("/") for row in ROWS)
    assert json.loads((FOLDER / "publish.input.json").read_text())["additionalProperties"] is False
