import json
import os
import signal
import subprocess
import sys
import time

import pytest

from connectors.cli.action_progress import ActionLines
from connectors.errors import StoreError
from connectors.testing import instant

CODE = '''
import time
from connectors import Connector
from connectors.authoring import action
from connectors.errors import ForbiddenError, RunError


@action(reads=True)
def echo(call, given):
    """Give back what was given.

    Nothing else happens.
    """
    call.progress(1, 2, "half")
    return {"given": dict(given), "memory": dict(call.memory)}


@action()
def make_files(call, given):
    """Make files."""
    if given.get("fail"):
        raise ForbiddenError("no")
    return {"files": [call.give(f"out/{name}", name) for name in given["names"]]}


@action()
def read_files(call, given):
    """Read files."""
    found = given["files"] if "files" in given else [given["file"]]
    return {"texts": [call.file(each).open().read().decode() for each in found]}


@action(confirm="Delete it for good?")
def delete_thing(call, given):
    """Delete a thing."""
    return {"deleted": given["id"]}


@action()
def wait(call, given):
    """Wait for a signal."""
    call.memory["began"] = True
    call.memory["steps"] = []
    call.memory["steps"].append("one")
    call.give("half.txt", "x")
    print("waiting", flush=True)
    while True:
        time.sleep(0.05)


connector = Connector(functions=(echo, make_files, read_files, delete_thing, wait))
'''
THING = {"file": {"type": "object"}, "files": {"type": "array", "items": {"type": "object"}}}
INPUTS = {
    "echo": {"properties": {"id": {"type": "integer"}, "code": {"type": "string"}, "more": {}}, "required": ["id"]},
    "make-files": {"properties": {"names": {"type": "array"}, "fail": {"type": "boolean"}}},
    "read-files": {"properties": THING, "additionalProperties": False},
    "delete-thing": {"properties": {"id": {"type": "integer"}}, "required": ["id"]},
    "wait": {},
}
DEFINITION = """
desk:
  display_name: Desk
  auth_mode: NONE
  docs: https://desk.example
  proxy: {base_url: https://desk.example}
"""
ACME = ("--connection", "acme")


@pytest.fixture
def desk(run, tmp_path, monkeypatch):
    folder = tmp_path / "desk"
    schemas = folder / "schemas" / "desk" / "actions"
    schemas.mkdir(parents=True)
    (folder / "__init__.py").write_text(CODE)
    (folder / "providers.yaml").write_text(DEFINITION)
    for name, schema in INPUTS.items():
        (schemas / f"{name}.input.json").write_text(json.dumps({"type": "object", **schema}))
        (schemas / f"{name}.output.json").write_text(json.dumps({"type": "object"}))
    monkeypatch.setenv("CONNECTORS_PATH", str(folder))
    run("connect", "desk", "--id", "acme", "--no-verify")
    return folder


def output(result):
    return json.loads(result.stdout)


def test_the_output_is_printed_as_json_and_a_summary_beside_it(run, desk):
    result = run("action", "echo", *ACME, "--input", '{"id": 7}')
    assert output(result) == {"given": {"id": 7}, "memory": {}}
    assert "echo of acme: done; 0 requests in" in result.stderr
    assert "echo of acme: 1 of 2; half" in result.stderr


@pytest.mark.parametrize("how", ["text", "file", "stdin"])
def test_the_input_comes_as_text_from_a_file_or_from_standard_input(run, desk, tmp_path, how):
    (tmp_path / "in.json").write_text('{"id": 7}')
    text = {"text": '{"id": 7}', "file": f"@{tmp_path / 'in.json'}", "stdin": "-"}[how]
    assert output(run("action", "echo", *ACME, "--input", text, stdin='{"id": 7}'))["given"] == {"id": 7}


def test_single_fields_go_over_the_input_and_heed_the_schema(run, desk):
    given = ("--input", '{"id": 7, "more": 1}', "--set", "id=8", "--set", "code=007", "--set", 'more={"a": [true]}')
    found = output(run("action", "echo", *ACME, *given, "--set", "text=a=b"))["given"]
    assert found == {"id": 8, "code": "007", "more": {"a": [True]}, "text": "a=b"}


@pytest.mark.parametrize("text", ["{", "[]", "7", "@nowhere.json", "@"])
def test_an_input_that_is_no_json_object_is_bad_input(run, desk, text):
    assert "error [invalid_input]" in run("action", "echo", *ACME, "--input", text, code=2).stderr


def test_an_input_that_does_not_fit_is_bad_input_with_every_problem(run, desk):
    result = run("action", "echo", *ACME, "--input", '{"id": "x", "code": 1}', "--json", code=2)
    error = output(result)["error"]
    assert error["code"] == "invalid_action_input"
    assert len(error["problems"]) == 2


def test_json_is_the_whole_result(run, desk):
    shown = output(run("action", "make-files", *ACME, "--set", 'names=["a", "b"]', "--json"))
    assert [file["name"] for file in shown["files"]] == ["out/a", "out/b"]
    assert shown["output"]["files"] == shown["files"]
    assert (shown["action"], shown["connection"], shown["requests"]) == ("make-files", "acme", 0)


def test_files_are_put_into_a_folder_and_one_line_says_so(run, desk, tmp_path):
    result = run("action", "make-files", *ACME, "--set", 'names=["a", "bcd"]', "--to", str(tmp_path / "x" / "y"))
    assert (tmp_path / "x" / "y" / "out" / "bcd").read_text() == "bcd"
    assert len(result.stdout.splitlines()) == 1
    assert f"make-files of acme: done; 2 files (4 bytes) in {tmp_path / 'x' / 'y'}; 0 requests" in result.stdout


def test_files_are_not_overwritten_without_force(run, desk, tmp_path):
    command = ("action", "make-files", *ACME, "--set", 'names=["a"]', "--to", str(tmp_path / "x"))
    run(*command)
    (tmp_path / "x" / "out" / "a").write_text("mine")
    assert "error [file_exists]" in run(*command, code=1).stderr
    assert (tmp_path / "x" / "out" / "a").read_text() == "mine"
    run(*command, "--force")
    assert (tmp_path / "x" / "out" / "a").read_text() == "a"


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_started(run, connected, tmp_path):
    setting = connected.truth("publishsettings")[0]["id"]
    command = ("action", "publish", *ACME, "--set", f"publishsetting={setting}", "--to", str(tmp_path / "out"))
    with instant():
        run(*command)
        connected.reset_log()
        error = run(*command, code=1).stderr
        assert "error [file_exists]" in error
        assert "nothing was started" in error
        assert connected.log == []
        assert "publish of acme: done" in run(*command, "--force").stdout


def test_files_that_cannot_be_copied_are_kept_and_named(run, desk, tmp_path, monkeypatch):
    def full(files, folder, *, overwrite):
        raise StoreError("The disk is full.")

    monkeypatch.setattr("connectors.engine.copying.copy_out", full)
    command = ("action", "make-files", *ACME, "--set", 'names=["a"]', "--to", str(tmp_path / "x"), "--json")
    result = run(*command, code=1)
    error = output(result)["error"]
    (file,) = error["files"]
    assert error["code"] == "output_failed"
    assert f"The disk is full. They are kept: out/a ({file['file']})." in error["message"]
    from connectors.engine.host import Host

    with Host.open() as host, host.files.get("dev", file["file"]).open() as content:
        assert content.read() == b"a"


def test_a_call_waits_for_the_budget_as_long_as_it_is_told(run, connected, tmp_path):
    run("connections", "set", "acme", "--metadata", "plan=business")
    one, two = (row["id"] for row in connected.truth("publishsettings")[:2])
    with instant():
        run("action", "publish", *ACME, "--set", f"publishsetting={one}")
        command = ("action", "publish", *ACME, "--set", f"publishsetting={two}")
        refused = run(*command, code=1).stderr
        assert "error [budget_exhausted]" in refused
        assert "--wait " in refused
        assert "publish of acme: done" in run(*command, "--wait", "120").stderr
        run(*command, "--wait", "-1", code=2)


def test_a_folder_that_cannot_be_made_is_noticed_before_the_call(run, desk, tmp_path):
    (tmp_path / "file").write_text("x")
    command = ("action", "make-files", *ACME, "--set", 'names=["a"]', "--to", str(tmp_path / "file" / "x"))
    assert "cannot be made" in run(*command, code=2).stderr


def test_an_unsafe_name_is_refused_and_nothing_is_written(run, desk, tmp_path):
    command = ("action", "make-files", *ACME, "--set", 'names=["../../evil"]', "--to", str(tmp_path / "x"))
    assert "cannot be called" in run(*command, code=2).stderr
    assert not list(tmp_path.rglob("evil"))


def test_files_are_handed_over_by_name_and_their_copies_removed(run, desk, tmp_path, home):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name * 3)
    a, b = (f"{tmp_path / name}" for name in ("a", "b"))
    assert output(run("action", "read-files", *ACME, "--file", f"file={a}"))["texts"] == ["aaa"]
    assert output(run("action", "read-files", *ACME, "--file", f"files={a}"))["texts"] == ["aaa"]
    both = ("--file", f"files={a}", "--file", f"files={b}")
    assert output(run("action", "read-files", *ACME, *both))["texts"] == ["aaa", "bbb"]
    assert list((home / "files").iterdir()) == []


@pytest.mark.parametrize("text", ["file", "file=", "file=nowhere", "file=."])
def test_a_file_that_cannot_be_read_is_bad_input(run, desk, text):
    assert "error [invalid_input]" in run("action", "read-files", *ACME, "--file", text, code=2).stderr


def test_what_cannot_be_undone_needs_a_yes(run, desk):
    result = run("action", "delete-thing", *ACME, "--set", "id=7", code=3)
    assert "Delete it for good?" in result.stderr
    assert output(run("action", "delete-thing", *ACME, "--set", "id=7", "--yes")) == {"deleted": 7}


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 3)])
def test_a_person_is_asked(run, desk, monkeypatch, answer, code):
    monkeypatch.setattr("connectors.cli.action.can_ask", lambda: True)
    result = run("action", "delete-thing", *ACME, "--set", "id=7", stdin=answer, code=code)
    assert "delete-thing of acme" in result.stderr
    assert ("deleted" in result.stdout) == (code == 0)


def test_a_failure_ends_as_its_error_does(run, desk):
    assert "error [not_allowed]" in run("action", "make-files", *ACME, "--set", "fail=true", code=4).stderr


def test_an_unknown_action_is_bad_input_with_close_names(run, desk):
    assert "did you mean make-files" in run("action", "make-file", *ACME, code=2).stderr


def test_without_a_name_the_actions_are_listed(run, desk):
    assert "desk has: delete-thing, echo" in run("action", *ACME, code=2).stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_action_keeps_its_memory_leaves_no_files_and_ends_with_130(run, desk, home, number):
    command = [sys.executable, "-m", "connectors", "action", "wait", *ACME]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout is not None
    assert child.stdout.readline() == "waiting\n"
    child.send_signal(number)
    errors = child.communicate(timeout=30)[1]
    assert child.returncode == 130, errors
    assert "Interrupted" in errors
    assert list((home / "files").iterdir()) == []
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings

    with Host.open(Settings.load(home=home)) as host:
        key = host.connections.get("dev", "acme").key
        assert host.store.memories.get("dev", key, "wait") == {"began": True, "steps": ["one"]}


def test_actions_are_listed_with_their_fields(run, desk):
    table = run("actions", "--provider", "desk").stdout
    assert "Give back what was given." in table
    assert "id [code] [more]" in table
    assert run("actions", *ACME).stdout == table
    assert "echo" in run("actions").stdout


def test_actions_as_json_have_their_schemas(run, desk):
    rows = {row["action"]: row for row in output(run("actions", "--provider", "desk", "--json"))}
    assert rows["echo"]["reads"] is True
    assert rows["delete-thing"]["confirm"] == "Delete it for good?"
    assert rows["echo"]["input"]["required"] == ["id"]


def test_a_provider_without_actions_says_so(run, desk, tmp_path):
    extra = tmp_path / "extra.yaml"
    extra.write_text(DEFINITION.replace("desk:", "plain:"))
    assert "There is no action" in run("actions", "--provider", "plain", "--providers", str(extra)).stderr
    assert "unknown_provider" in run("actions", "--provider", "nothing", code=2).stderr
    run("actions", "--provider", "desk", *ACME, code=2)


def test_progress_is_a_line_now_and_then_and_always_the_last(capsys, monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    lines = ActionLines("x")
    for done in range(1, 5):
        lines.update(done, 4, f"step {done}")
    lines.end()
    assert capsys.readouterr().err.splitlines() == [
        "x: 1 of 4; step 1",
        "x: 4 of 4; step 4",
    ]


def test_a_long_message_of_the_provider_is_cut_and_stays_on_its_line(capsys):
    lines = ActionLines("x")
    lines.update(1, 2, "a\nb" + "c" * 1000)
    lines.end()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("x: 1 of 2; a b")
    assert len(line) < 250
