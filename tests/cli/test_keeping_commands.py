import base64
import json
import os
import secrets
import signal
import subprocess
import sys

import pytest

from connectors.engine.keys import key_id


def key():
    return secrets.token_bytes(32)


def text(*keys):
    return ",".join(base64.b64encode(each).decode() for each in keys)


def works(run):
    return json.loads(run("connections", "check", "acme", "--json").stdout)["ok"]


def diagnoses(run, *options, code=0):
    found = json.loads(run("doctor", "--json", *options, code=code).stdout)["diagnoses"]
    return {(each["area"], each["name"]): each for each in found}


def test_rotating_a_key_file_leaves_one_new_key_and_readable_credentials(run, connected, home):
    before = (home / "vault.key").read_text()
    outcome = json.loads(run("vault", "rotate", "--json").stdout)
    assert (outcome["resealed"], outcome["dropped"]) == (1, 1)
    after = (home / "vault.key").read_text()
    assert before.splitlines()[-1] not in after
    assert len([line for line in after.splitlines() if not line.startswith("#")]) == 1
    assert (home / "vault.key").stat().st_mode & 0o777 == 0o600
    assert works(run)


def test_rotating_keys_of_the_setting_says_which_may_go(run, emulator, key_file, monkeypatch):
    old, new = key(), key()
    monkeypatch.setenv("CONNECTORS_ENCRYPTION_KEY", text(old))
    given = ("--config", f"instance={emulator.instance}", "--config", f"username={emulator.username}")
    run("connect", "paligo", "--id", "acme", *given, "--credential", f"apiKey=@{key_file}")
    assert "put a new one in front" in run("vault", "rotate").stderr
    monkeypatch.setenv("CONNECTORS_ENCRYPTION_KEY", text(new, old))
    result = run("vault", "rotate")
    assert key_id(old) in result.stdout
    assert text(old) not in result.output
    monkeypatch.setenv("CONNECTORS_ENCRYPTION_KEY", text(new))
    assert works(run)


def test_a_lost_key_is_an_error_and_the_doctor_sees_it(run, connected, home):
    (home / "vault.key").unlink()
    assert "error [vault_failed]" in run("proxy", "GET", "/api/v2/groups", "--connection", "acme", code=1).stderr
    found = diagnoses(run, code=1)[("Database", "credentials")]
    assert "acme" in found["text"]
    assert found["next_step"]


def test_the_doctor_finds_everything_in_order(run, connected):
    run("sync", "documents", "--connection", "acme")
    assert "Everything is in order." in run("doctor").stdout
    assert diagnoses(run)[("Database", "holds")]["text"] == "1 connections, 24 records, 1 runs"


def test_the_doctor_makes_nothing(run, home):
    run("doctor")
    assert not home.exists()


def test_the_doctor_masks_secrets(run, monkeypatch):
    secret = text(key())
    monkeypatch.setenv("CONNECTORS_ENCRYPTION_KEY", secret)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:proxy-password@proxy.example:8080")
    shown = run("doctor").output + run("doctor", "--json").output
    assert secret not in shown
    assert "proxy-password" not in shown
    assert "proxy.example:8080" in shown


def _open_key(home, monkeypatch):
    (home / "vault.key").chmod(0o644)


def _no_database(home, monkeypatch):
    (home / "connectors.db").write_bytes(b"no database, but long enough to be looked at" * 100)


def _newer(home, monkeypatch):
    import sqlite3

    connection = sqlite3.connect(home / "connectors.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _setting(home, monkeypatch):
    monkeypatch.setenv("CONNECTORS_BASE_URL_OVERRIDE", "sometimes")


def _broken_file(home, monkeypatch):
    (home / ".env").write_text("what is this")


def _bundle(home, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")


def _folder(home, monkeypatch):
    monkeypatch.setenv("CONNECTORS_PATH", str(home))


@pytest.mark.parametrize("breakage", [_open_key, _no_database, _newer, _setting, _broken_file, _bundle, _folder])
def test_the_doctor_names_each_problem_and_a_next_step(run, connected, home, monkeypatch, breakage):
    breakage(home, monkeypatch)
    problems = [each for each in diagnoses(run, code=1).values() if each["problem"]]
    assert problems
    assert all(each["next_step"] for each in problems)
    assert "PROBLEM" in run("doctor", code=1).stdout


def test_the_emulators_help_names_every_switch(run):
    from connectors.paligo.emulator import Switches

    shown = run("emulate", "paligo", "--help").stdout
    assert [name for name, _, _ in Switches.explain() if name not in shown] == []


@pytest.mark.parametrize("switch", ["search=sometimes", "nothing=1", "search"])
def test_a_wrong_switch_is_bad_input(run, switch):
    run("emulate", "paligo", "--switch", switch, code=2)


def test_the_emulator_serves_until_it_is_interrupted(tmp_path):
    command = [sys.executable, "-m", "connectors", "emulate", "paligo", "--documents", "3", "--switch", "search=404"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert any("HTTPS_PROXY" in line for line in lines)
    assert "with 3 documents" in lines[0]
