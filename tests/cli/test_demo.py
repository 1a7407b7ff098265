import os

from connectors.cli import demo


def test_the_demo_shows_what_it_claims(capsys, monkeypatch, tmp_path):
    for name in ("PALIGO_INSTANCE", "PALIGO_USERNAME", "PALIGO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/mine.db")
    before = dict(os.environ)
    assert demo.main() == 0
    shown = capsys.readouterr().out
    assert "$ connectors sync documents --connection demo" in shown
    assert "[ok] 3 deletions were seen in the same pass" in shown
    assert "business 2 min" in shown
    assert shown.splitlines()[-1].startswith("Demo done in ")
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == before


def test_a_claim_that_does_not_hold_fails_the_demo(capsys, monkeypatch):
    monkeypatch.setattr(demo, "_DELETED", 2)
    monkeypatch.setattr("connectors.paligo.emulator.Account.delete_document", lambda *_: None)
    assert demo.main() == 1
    assert "The demo failed: It is not so that" in capsys.readouterr().out


def test_half_an_account_is_named(capsys, monkeypatch):
    monkeypatch.setenv("PALIGO_INSTANCE", "acme")
    assert demo.main() == 2
    assert "PALIGO_USERNAME, PALIGO_API_KEY" in capsys.readouterr().out


def test_a_wrong_key_of_ones_own_names_the_variable(capsys, monkeypatch, emulator):
    monkeypatch.setenv("PALIGO_INSTANCE", emulator.instance)
    monkeypatch.setenv("PALIGO_USERNAME", emulator.username)
    monkeypatch.setenv("PALIGO_API_KEY", "F" * 32)
    assert demo.main() == 1
    shown = capsys.readouterr()
    assert "error [credentials_refused]" in shown.err
    assert "next: Correct the variable PALIGO_API_KEY" in shown.out
    assert "make test" not in shown.out


def test_a_real_account_is_only_read(capsys, monkeypatch, emulator):
    monkeypatch.setenv("PALIGO_INSTANCE", emulator.instance)
    monkeypatch.setenv("PALIGO_USERNAME", emulator.username)
    monkeypatch.setenv("PALIGO_API_KEY", emulator.api_key)
    before = emulator.truth("documents")
    assert demo.main() == 0
    assert emulator.truth("documents") == before
    assert {entry.method for entry in emulator.log} <= {"GET", "POST"}
    assert {entry.path for entry in emulator.log if entry.method == "POST"} == {"/api/v2/search/"}
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1].startswith("Demo done in ")
    assert emulator.api_key not in shown.out + shown.err
