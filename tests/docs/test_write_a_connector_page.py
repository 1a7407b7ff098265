from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

BASE = "https://${connectionConfig.subdomain}.helpdesk.example/api"
STAND_IN = "http://127.0.0.1:8711/api"
GUIDE = "docs/write-a-connector.md"
Desk = SimpleNamespace


@pytest.fixture
def desk(page, tmp_path_factory) -> Iterator[Desk]:
    """The stand-in of the guide, its own file, on a port that is free; `failing` and `too_old` make it fail."""
    file = tmp_path_factory.mktemp("desk") / "helpdesk_server.py"
    file.write_text(dict(page(GUIDE).files())[file.name])
    spec = importlib.util.spec_from_file_location("helpdesk_server", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    state = SimpleNamespace(
        articles=module.ARTICLES, changes=module.CHANGES, key=module.KEY, paths=[], failing=set(), too_old=set()
    )

    class Watched(module.HelpDesk):
        def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
            state.paths.append(path)
            if path in {f"/api/articles/{number}/comments" for number in state.failing}:
                return 500, {}
            return (410, {}) if query.get("after") in state.too_old else super().answer(path, query)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Watched) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_port}/api"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def here(clean_environment, desk) -> None:
    clean_environment.setenv("CONNECTORS_ALLOW_PRIVATE_HOSTS", "on")
    clean_environment.setenv("CONNECTORS_CREDENTIAL_APIKEY", desk.key)


def write(folder: Path, name: str, text: str, desk: Desk) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("providers.yaml"):
        assert BASE in text
        text = text.replace(BASE, desk.url)
    file.write_text(text)


def records(typed, folder: Path, model: str) -> dict[str, dict[str, Any]]:
    words = ["connectors", "records", model, "--path", ".", "--connection", "acme", "--format", "jsonl"]
    return {row["id"]: row for row in map(json.loads, typed(words, folder).stdout.splitlines())}


def steps(page) -> dict[str, list[list[str]]]:
    return {"articles": page.commands("connectors")[:5], "more": page.commands("connectors")[5:]}


def test_the_guide_says_how_to_reach_the_stand_in(page):
    guide = page(GUIDE)
    server = dict(guide.files())["helpdesk_server.py"]
    assert "PORT, KEY = 8711, " in server
    assert f"`base_url: {STAND_IN}`" in guide.text
    assert "export CONNECTORS_ALLOW_PRIVATE_HOSTS=on\n" in guide.blocks("sh")
    assert len(server.splitlines()) < 50


def test_the_first_sync_of_the_guide_works_step_by_step(page, desk, here, typed, tmp_path):
    guide = page(GUIDE)
    for name, text in guide.files()[:3]:
        write(tmp_path, name, text, desk)
    commands = steps(guide)["articles"]
    assert [words[1] for words in commands] == ["providers", "connect", "sync", "sync", "records"]
    outputs = [typed(words, tmp_path).stdout for words in commands]
    assert "would add 3" in outputs[2]
    assert "3 added" in outputs[3]
    stored = {row["id"]: row["body"] for row in map(json.loads, outputs[4].splitlines())}
    assert stored == {"1": "Body 1", "2": "Body 2", "3": "Body 3"}

    desk.articles[2] |= {"body": "Edited", "updated_at": "2026-02-01"}
    del desk.articles[3]
    desk.paths.clear()
    assert "1 updated, 1 deleted, 1 unchanged" in typed(commands[3], tmp_path).stdout
    assert desk.paths == ["/api/articles", "/api/articles/2"]


@pytest.fixture
def whole(page, desk, here, typed, tmp_path) -> Path:
    """The folder as it is at the end of the guide, connected, with articles synced."""
    guide = page(GUIDE)
    for name, text in guide.files():
        write(tmp_path, name, text, desk)
    for words in steps(guide)["articles"]:
        typed(words, tmp_path)
    return tmp_path


def test_children_tickets_and_the_list_of_syncs_work_as_the_guide_says(page, whole, typed):
    commands = steps(page(GUIDE))["more"]
    assert [words[1:3] for words in commands[:2]] == [["sync", "comments"], ["sync", "tickets"]]
    outputs = [typed(words, whole).stdout for words in commands]
    assert set(records(typed, whole, "Comment")) == {"11", "21"}
    assert set(records(typed, whole, "Ticket")) == {"1", "2", "3"}
    assert all(name in outputs[2] for name in ("articles", "comments", "tickets"))


def test_what_is_skipped_stays_and_the_children_of_a_deleted_parent_go(page, desk, whole, typed):
    from connectors.engine.host import Host
    from connectors.engine.runs import run_sync
    from connectors.testing import instant

    typed(steps(page(GUIDE))["more"][0], whole)
    desk.failing.add(1)
    del desk.articles[2]
    with instant(), Host.open(paths=[whole]) as host:
        report = run_sync(host, "dev", "acme", "comments")
    assert (report.state, report.skipped, report.deleted) == ("success", 1, 1)
    assert set(records(typed, whole, "Comment")) == {"11"}


def test_tickets_go_on_at_the_checkpoint_and_start_over_when_it_is_too_old(page, desk, whole, typed):
    command = steps(page(GUIDE))["more"][1]
    typed(command, whole)
    desk.paths.clear()
    desk.changes += [{"id": 1, "deleted": True}, {"id": 4, "deleted": False, "subject": "New"}]
    assert "1 added, 0 updated, 1 deleted" in typed(command, whole).stdout
    assert desk.paths == ["/api/tickets/changes"]
    desk.too_old.add("5")
    assert "done" in typed(command, whole).stdout
    assert set(records(typed, whole, "Ticket")) == {"2", "3", "4"}


def test_the_test_of_the_guide_passes(page, whole, typed):
    (command,) = page(GUIDE).commands("python")
    assert "2 passed" in typed(command, whole).stdout


def test_the_guide_names_each_option_of_sync_and_each_part_of_run(page):
    import inspect

    from connectors.authoring import Run, items, sync

    text = page(GUIDE).text
    for name in inspect.signature(sync).parameters:
        assert f"| `{name}`" in text
    for name in ("checkpoint", "metadata", "log", "get", "pages", "records", "refresh", "progress"):
        assert hasattr(Run, name)
        assert f"`run.{name}" in text
    for kind in ("Record", "Seen", "Gone", "Skipped", "Checkpoint"):
        assert hasattr(items, kind)
        assert f"`{kind}(" in text


def test_the_connector_of_the_readme_works_the_same_way(page, desk, here, typed, tmp_path):
    guide = dict(page(GUIDE).files()[:2])
    (code,) = [block for block in page("README.md").blocks("python") if "Connector(" in block]
    definition = yaml.safe_load(guide["helpdesk/providers.yaml"])
    assert "helpdesk" in definition
    for name, text in {**guide, "helpdesk/__init__.py": code}.items():
        write(tmp_path, name, text, desk)
    for words in steps(page(GUIDE))["articles"]:
        typed(words, tmp_path)
    assert {row["body"] for row in records(typed, tmp_path, "Article").values()} == {"Body 1", "Body 2", "Body 3"}
