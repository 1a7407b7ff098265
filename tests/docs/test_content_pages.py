import json
import re

import pytest

from connectors import root
from connectors.authoring import Event
from connectors.paligo.audit import KINDS
from connectors.paligo.content import Content
from connectors.paligo.markup import Limits
from connectors.paligo.webhooks import _WANTED, WINDOW

FOLDER = "docs/providers/paligo"


def names(rows):
    return [cell.strip("`") for cell, *_ in rows]


@pytest.mark.parametrize("name", ["content", "webhooks"])
def test_the_examples_hold(page, name):
    blocks = page(f"{FOLDER}/{name}.md").blocks("python")
    assert blocks
    for block in blocks:
        exec(compile(block, f"{name}.md", "exec"), {})


def test_each_part_of_the_content_is_listed(page):
    assert names(page(f"{FOLDER}/content.md").rows("## What it gives")) == list(Content.__dataclass_fields__)


def test_the_ceilings_are_those_of_the_code(page):
    text = page(f"{FOLDER}/content.md").text
    limits = Limits()
    for words in (
        f"{limits.size // 1024**2} MiB",
        f"{limits.elements:,} elements",
        f"{limits.depth} elements inside",
        f"{limits.attributes} attributes",
        f"{limits.seconds:g} seconds",
    ):
        assert words in text


def test_each_kind_of_finding_is_listed_with_its_meaning(page):
    rows = page(f"{FOLDER}/audit.md").rows("## What it finds")
    assert {kind.strip("`"): meaning for kind, _, meaning in rows} == dict(KINDS)
    schema = json.loads((root() / "schemas" / "paligo" / "Finding.json").read_text())
    assert sorted(schema["properties"]["kind"]["enum"]) == sorted(KINDS)


def test_each_field_of_a_finding_is_listed_in_its_order(page):
    schema = json.loads((root() / "schemas" / "paligo" / "Finding.json").read_text())
    assert names(page(f"{FOLDER}/audit.md").rows("## As records")) == list(schema["properties"])


def test_each_event_is_listed_with_its_sync(page):
    rows = page(f"{FOLDER}/webhooks.md").rows("## What each event asks for")
    assert {kind.strip("`"): sync.strip("`") for kind, sync, _ in rows} == {
        kind: sync for kind, (sync, _) in _WANTED.items()
    }


def test_each_part_of_an_event_is_listed(page):
    rows = page(f"{FOLDER}/webhooks.md").rows("## An event")
    assert names(rows) == ["kind", "sync", "ids", "key", "window", "data"] == list(Event.__dataclass_fields__)
    assert re.search(rf"\b{WINDOW:g} seconds", page(f"{FOLDER}/webhooks.md").text)


def test_the_commands_of_the_audit_page_work(page, typed, clean_environment, tmp_path):
    from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator

    with Emulator(Account.generate()) as emulator:
        for name, value in emulator.environment().items():
            clean_environment.setenv(name, value)
        clean_environment.setenv("CONNECTORS_CREDENTIAL_APIKEY", API_KEY)
        config = ["--config", f"instance={INSTANCE}", "--config", f"username={USERNAME}", "--metadata", "plan=none"]
        typed(["connectors", "connect", "paligo", "--id", "acme", *config], tmp_path)
        commands = page(f"{FOLDER}/audit.md").commands("connectors")
        assert len(commands) >= 8
        for words in commands:
            typed(words, tmp_path)
