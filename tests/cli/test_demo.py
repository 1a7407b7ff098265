import os
from pathlib import Path

import pytest

from connectors.authoring import Sync
from connectors.cli import demo
from connectors.cli.demo_rest import Rest
from connectors.paligo import connector
from connectors.paligo.emulator import Account, Emulator, Switches
from connectors.testing import instant


@pytest.fixture(autouse=True)
def _no_account_of_ones_own(monkeypatch):
    for name in ("PALIGO_INSTANCE", "PALIGO_USERNAME", "PALIGO_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def own_account(monkeypatch, emulator):
    monkeypatch.setenv("PALIGO_INSTANCE", emulator.instance)
    monkeypatch.setenv("PALIGO_USERNAME", emulator.username)
    monkeypatch.setenv("PALIGO_API_KEY", emulator.api_key)
    return emulator


def test_the_demo_shows_what_it_claims(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/mine.db")
    before, folder = dict(os.environ), Path.cwd()
    with instant() as clock:
        assert demo.main() == 0
    shown = capsys.readouterr().out
    for command in (
        "sync documents --connection demo",
        "action upload-image --connection demo --file image=pump-front.png",
        'action publish --connection demo --input \'{"publishsetting": ',
        "audit paligo --connection demo",
    ):
        assert f"$ connectors {command}" in shown
    assert "[ok] 3 deletions were seen in the same pass" in shown
    assert "[ok] the sync of images found it" in shown
    assert "  out/pub/out/en/index-en.html" in shown
    assert "missing-cross-reference" in shown
    assert "more lines" in shown
    rows = [line.split() for line in shown.splitlines()]
    syncs = [each for each in connector.functions if isinstance(each, Sync) and each.model != "Finding"]
    table = {tuple(row[:2]): row[2:] for row in rows if len(row) == 4}
    assert all(min(map(int, table[each.name, each.model])) > 0 for each in syncs)
    assert len(syncs) == 17
    assert ["documents,", "first", "sync", "123", "2", "min", "no", "wait"] in rows
    assert ["audit", "0", "no", "wait", "no", "wait"] in rows
    assert shown.splitlines()[-1].startswith("Demo done in ")
    assert sum(clock.slept) < 30
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == before
    assert Path.cwd() == folder


def _lost(table):
    """The account's truth has one thing more in that table than anybody can read."""
    truth = Emulator.truth

    def more(self, name):
        return [*truth(self, name), {"id": 999_998, "name": ""}] if name == table else truth(self, name)

    return more


@pytest.mark.parametrize(
    ("where", "name", "instead", "says"),
    [
        (Account, "delete_document", lambda *_: None, "3 deletions"),
        (Emulator, "truth", _lost("variants"), "the records of VariableVariant"),
        (Emulator, "truth", _lost("documents"), "the records of Document"),
        (Rest, "_findings", lambda _: [], "each of the"),
    ],
)
def test_a_claim_that_does_not_hold_fails_the_demo(capsys, monkeypatch, where, name, instead, says):
    monkeypatch.setattr(where, name, instead)
    with instant():
        assert demo.main() == 1
    assert f"The demo failed: It is not so that {says}" in capsys.readouterr().out


def test_an_action_that_fails_fails_the_demo(capsys, monkeypatch):
    ended_badly = Switches(job_end="failed")
    monkeypatch.setattr("connectors.paligo.emulator.Emulator", lambda account: Emulator(account, ended_badly))
    with instant():
        assert demo.main() == 1
    shown = capsys.readouterr()
    assert "error [job_failed]" in shown.err
    assert "The demo failed: The command ended with 1 instead of 0." in shown.out


def test_half_an_account_is_named(capsys, monkeypatch):
    monkeypatch.setenv("PALIGO_INSTANCE", "acme")
    assert demo.main() == 2
    assert "PALIGO_USERNAME, PALIGO_API_KEY" in capsys.readouterr().out


def test_a_wrong_key_of_ones_own_names_the_variable(capsys, monkeypatch, own_account):
    monkeypatch.setenv("PALIGO_API_KEY", "F" * 32)
    assert demo.main() == 1
    shown = capsys.readouterr()
    assert "error [credentials_refused]" in shown.err
    assert "next: Correct the variable PALIGO_API_KEY" in shown.out
    assert "make test" not in shown.out


def test_a_real_account_is_only_read(capsys, own_account):
    tables = ("documents", "images", "productions")
    before = {table: own_account.truth(table) for table in tables}
    assert demo.main() == 0
    assert {table: own_account.truth(table) for table in tables} == before
    assert {entry.method for entry in own_account.log} <= {"GET", "POST"}
    assert {entry.path for entry in own_account.log if entry.method == "POST"} == {"/api/v2/search/"}
    shown = capsys.readouterr()
    assert "action" not in shown.out.replace("last_action", "")
    assert shown.out.splitlines()[-1].startswith("Demo done in ")
    assert own_account.api_key not in shown.out + shown.err
