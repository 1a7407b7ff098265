"""Each recipe is typed as it stands, in a shell, against the emulator; only the ids are those of its account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches

PAGE = "docs/providers/paligo/recipes.md"
PROGRAMS = {"connectors": "-m connectors", "python": ""}
Shell = Callable[[str], str]


@pytest.fixture
def emulator(clean_environment) -> Iterator[Emulator]:
    # Jobs end at the first look, so that no test waits five seconds for a second one.
    with Emulator(Account.generate(), Switches(plan="none", polls=1)) as running:
        for name, value in running.environment().items():
            clean_environment.setenv(name, value)
        clean_environment.setenv("CONNECTORS_CREDENTIAL_APIKEY", API_KEY)
        yield running


@pytest.fixture
def shell(emulator, tmp_path, page) -> Shell:
    """Types blocks of the page in one folder, where its files lie."""
    programs, folder = tmp_path / "bin", tmp_path / "work"
    programs.mkdir()
    folder.mkdir()
    for name, options in PROGRAMS.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {options} "$@"\n')
        program.chmod(0o755)
    for file, text in page(PAGE).files():
        (folder / file).write_text(text)
    setting = emulator.truth("publishsettings")[0]["id"]
    document = next(row["id"] for row in emulator.truth("documents") if row["type"] == "component")
    words = {
        "instance=acme": f"instance={INSTANCE}",
        "me@acme.example": USERNAME,
        '{"publishsetting": 12}': f'{{"publishsetting": {setting}}}',
        '"document": 48213': f'"document": {document}',
    }

    def run(text: str) -> str:
        for word, real in words.items():
            text = text.replace(word, str(real))
        done = subprocess.run(
            ["sh", "-e", "-c", text],
            cwd=folder,
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run("connectors connect paligo --id acme --config instance=acme --config username=me@acme.example")
    return run


@pytest.fixture
def recipe(page) -> Callable[[str], list[str]]:
    """The shell blocks below a heading of the page."""

    def blocks(heading: str) -> list[str]:
        section = page(PAGE).text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        return [part.split("```", 1)[0] for part in section.split("```sh\n")[1:]]

    return blocks


def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def test_publish_in_ci(shell, recipe, tmp_path, emulator):
    publish, audit = recipe("Publish in CI")
    said = shell(publish)
    assert str(emulator.truth("publishsettings")[0]["name"]) in said
    assert said.splitlines()[-1].startswith("publish of acme: done")
    assert any(file.is_file() for file in (work(tmp_path) / "out").rglob("*"))
    shell(audit)
    refused = publish.replace("connectors action", "! connectors action")
    shell(refused)
    assert " --force" in shell(f"({refused}) 2>&1")
    assert "done" in shell(publish.replace("--to out/", "--to out/ --force"))


def test_index_for_search(shell, recipe, tmp_path, emulator):
    first, again = recipe("Index for search")
    shell(first)
    entries = [json.loads(line) for line in (work(tmp_path) / "index.jsonl").read_text().splitlines()]
    documents = emulator.truth("documents")
    assert {entry["id"]: entry["title"] for entry in entries} == {str(row["id"]): row["name"] for row in documents}
    assert all(entry["text"] for entry in entries if "Guide" not in entry["name"])
    emulator.account.edit_document(documents[5]["id"], content="<section><title>T</title><para>new</para></section>")
    emulator.account.delete_document(documents[9]["id"])
    shell(again)
    changes = [json.loads(line) for line in (work(tmp_path) / "changes.jsonl").read_text().splitlines()]
    assert [(each["id"], each.get("text"), each.get("deleted")) for each in changes] == [
        (str(documents[5]["id"]), "new", None),
        (str(documents[9]["id"]), None, True),
    ]
    shell(again)
    assert (work(tmp_path) / "changes.jsonl").read_text() == ""


def test_what_changed_since_a_date(shell, recipe, emulator):
    ours, theirs = recipe("What changed since a date")
    assert shell(ours).count(" ADDED ") == len(emulator.truth("documents"))
    assert " ADDED " not in shell(ours.replace("2026-11-01", "9999-01-01"))
    row = emulator.truth("documents")[4]
    emulator.account.edit_document(row["id"], modified_at=1_999_999_999)
    assert str(row["id"]) in json.dumps(json.loads(shell(theirs)))


def test_a_reader_that_has_enough_ends_the_program_quietly(shell):
    record = {"_metadata.last_modified_at": "9999", "_metadata.last_action": "ADDED", "id": "1", "name": "x" * 100}
    said = shell(f"yes '{json.dumps(record)}' | head -n 5000 | (python since.py 2026 2>&1) | head -n 1")
    assert said.startswith("9999 ADDED 1")
    said = shell(
        f"yes '{json.dumps(record)}' | head -n 5000 | python since.py 2026 2> errors.txt | true; cat errors.txt"
    )
    assert said == ""


def test_who_has_what_checked_out(shell, recipe, emulator):
    (block,) = recipe("Who has what checked out")
    emulator.account.edit_document(emulator.truth("documents")[4]["id"], checkout=True, checkout_user=3)
    said = shell(block)
    shown = [line for line in said.splitlines() if "checked-out" in line]
    assert len(shown) == sum(row["checkout"] is True for row in emulator.truth("documents"))
    assert all("checked out by Jane Doe (user 3), seen so since" in line for line in shown)


def test_where_translated_text_comes_from(shell, recipe, tmp_path):
    (block,) = recipe("Where translated text comes from")
    shell(block)
    assert any(file.stat().st_size for file in (work(tmp_path) / "translations").rglob("*"))


def test_every_recipe_is_typed_here(page):
    headings = {line[3:] for line in page(PAGE).text.splitlines() if line.startswith("## ")}
    typed = {name.removeprefix("test_").replace("_", " ") for name in globals() if name.startswith("test_")}
    assert {heading.lower() for heading in headings} <= typed
