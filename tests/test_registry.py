"""Connectors are found: the built-in one, and those of folders."""

from __future__ import annotations

import pytest

from connectors.errors import InputError, UnknownFunction
from connectors.registry import Registry

PACKAGE = """
from connectors import Connector
from connectors.authoring import sync

@sync("Note", every="1h")
def notes(run):
    yield {"id": "1"}

connector = Connector(functions=(notes,))
"""
DEFINITION = "NAME: {display_name: N, auth_mode: NONE, docs: https://n.example, proxy: {base_url: https://n.example}}\n"


def package(folder, name, source=PACKAGE):
    made = folder / name
    made.mkdir()
    (made / "__init__.py").write_text(source)
    (made / "providers.yaml").write_text(DEFINITION.replace("NAME", name))
    return made


def test_paligo_is_there_without_being_asked_for():
    assert "documents" in [sync.name for sync in Registry.load().syncs("paligo")]


@pytest.mark.parametrize("inside", [True, False], ids=["the package itself", "a folder of packages"])
def test_a_folder_brings_its_connectors(tmp_path, inside):
    made = package(tmp_path, "notebook")
    registry = Registry.load([made if inside else tmp_path])
    assert registry.sync("notebook", "notes").model == "Note"
    assert registry.catalog().get("notebook").display_name == "N"


def test_the_current_folder_has_a_name_too(tmp_path, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(package(tmp_path, "here"))
    assert Registry.load([Path()]).sync("here", "notes").name == "notes"


def test_a_folder_without_a_connector_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="holds no connector"):
        Registry.load([tmp_path])


def test_a_package_without_its_connector_object_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="connector"):
        Registry.load([package(tmp_path, "empty", "x = 1\n")])


@pytest.mark.parametrize("source", ["1/0", "import no_such_thing", "def broken(:"])
def test_a_package_that_cannot_be_imported_is_a_clear_error(tmp_path, source):
    with pytest.raises(InputError, match=r"cannot be imported: .*broken/__init__\.py, line 1: "):
        Registry.load([package(tmp_path, "broken", source)])


def test_a_frequency_that_is_none_names_the_sync_and_its_line(tmp_path):
    source = PACKAGE.replace('every="1h"', 'every="1"')
    assert source != PACKAGE
    with pytest.raises(InputError, match=r"__init__\.py, line \d+: every of the sync notes: a frequency is a number"):
        Registry.load([package(tmp_path, "often", source)])


def test_a_model_without_a_schema_says_where_it_belongs(tmp_path):
    folder = package(tmp_path, "bare", PACKAGE)
    for file in folder.glob("schemas/*/*.json"):
        file.unlink()
    with pytest.raises(UnknownFunction) as caught:
        Registry.load([folder]).models.get("bare", "Note")
    assert str(folder / "schemas" / "bare" / "Note.json") in caught.value.next_step


def test_two_syncs_cannot_fill_one_model(tmp_path):
    source = PACKAGE.replace("connector = Connector(functions=(notes,))", "")
    source += '@sync("Note", every="1h")\ndef more(run):\n    yield {"id": "2"}\n'
    source += "\nconnector = Connector(functions=(notes, more))\n"
    with pytest.raises(InputError, match="several syncs"):
        Registry.load([package(tmp_path, "twice", source)])


def test_a_sync_cannot_need_one_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="missing"):
        Registry.load([package(tmp_path, "needy", PACKAGE.replace('every="1h"', 'every="1h", needs="missing"'))])


ACTIONS = """
from connectors import Connector
from connectors.authoring import Action, action, sync

@sync("Note", every="1h")
def notes(run):
    yield {"id": "1"}

@action()
def write_note(call, given):
    "Write a note."
    return {}

@action(reads=True, name="notes")
def read_notes(call, given):
    return {}

connector = Connector(functions=(notes, write_note, read_notes))
"""


def test_syncs_and_actions_stand_in_one_tuple_and_are_told_apart(tmp_path):
    registry = Registry.load([package(tmp_path, "notebook", ACTIONS)])
    assert [action.name for action in registry.actions("notebook")] == ["notes", "write-note"]
    assert [sync.name for sync in registry.syncs("notebook")] == ["notes"]
    assert registry.action("notebook", "write-note").description == "Write a note."
    assert registry.action("notebook", "notes").reads
    assert "notebook" in registry.providers


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("write-notes", r"; did you mean write-note or notes\?|; did you mean write-note\?"),
        ("zzz", "; it has: notes, write-note"),
    ],
)
def test_an_unknown_action_names_those_there_are(tmp_path, name, named):
    registry = Registry.load([package(tmp_path, "notebook", ACTIONS)])
    with pytest.raises(UnknownFunction, match=named):
        registry.action("notebook", name)


@pytest.mark.parametrize(
    "wrong",
    ['Action("Write_Note", write_note.function, "")', 'Action("write-note", write_note.function, "")'],
    ids=["name", "twice"],
)
def test_an_action_needs_a_name_of_its_own_in_kebab_case(tmp_path, wrong):
    source = ACTIONS.replace("read_notes))", f"read_notes, {wrong}))")
    with pytest.raises(InputError, match=r"kebab-case|several functions"):
        Registry.load([package(tmp_path, "notebook", source)])


ENDPOINT = """
from connectors import Connector
from connectors.authoring import action, sync

@sync("Note", every="1h", endpoint="GET /notes")
def notes(run):
    yield {"id": "1"}

@action(endpoint=ENDPOINT)
def write(call, given):
    return {}

connector = Connector(functions=(notes, write))
"""


def test_a_function_is_found_by_the_endpoint_that_it_declares(tmp_path):
    package(tmp_path, "notebook", ENDPOINT.replace("ENDPOINT", '"POST /notes/new"'))
    registry = Registry.load([tmp_path])
    assert registry.at("notebook", "GET", "/notes").name == "notes"
    assert registry.at("notebook", "POST", "/notes/new").name == "write"
    assert registry.at("notebook", "GET", "/notes/new") is None
    assert registry.at("paligo", "GET", "/notes") is None


@pytest.mark.parametrize("wrong", ["/notes", "FETCH /notes", "GET notes", "GET /notes/", "GET /a b", "GET /a?b"])
def test_an_endpoint_is_a_method_and_a_path(tmp_path, wrong):
    package(tmp_path, "notebook", ENDPOINT.replace("ENDPOINT", repr(wrong)))
    with pytest.raises(InputError, match="the endpoint of the action write is a method and a path"):
        Registry.load([tmp_path])


def test_two_functions_cannot_have_one_endpoint(tmp_path):
    package(tmp_path, "notebook", ENDPOINT.replace("ENDPOINT", '"GET /notes"'))
    with pytest.raises(InputError, match="several functions have the endpoint GET /notes"):
        Registry.load([tmp_path])
