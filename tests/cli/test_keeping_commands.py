import base64
import json
import os
import secrets
import signal
import sqlite3
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
    assert diagnoses(run)[("Database", "holds")]["text"] == "1 connection, 24 records, 1 run"


def test_the_doctor_makes_nothing(run, home):
    run("doctor")
    assert not home.exists()


def test_the_doctor_warns_of_variables_that_mean_nothing(run, monkeypatch, home):
    monkeypatch.setenv("CONNECTORS_HOMES", "/x")
    monkeypatch.setenv("CONNECTORS_CREDENTIAL_APIKEY", "x")
    found = diagnoses(run)
    assert found[("Settings", "CONNECTORS_HOMES")]["next_step"] == "Did you mean CONNECTORS_HOME?"
    assert ("Settings", "CONNECTORS_CREDENTIAL_APIKEY") not in found
    assert "warning CONNECTORS_HOMES" in run("doctor").stdout


def test_the_doctor_says_that_a_database_is_empty(run, home):
    home.mkdir()
    (home / "connectors.db").touch(mode=0o600)
    found = diagnoses(run)[("Database", "contents")]
    assert found["text"].startswith("empty")
    assert "restore" in found["next_step"]


def test_the_doctor_looks_into_a_database_beside_which_it_may_write_nothing(run, connected, home, monkeypatch):
    connect = sqlite3.connect

    def refusing(database, **options):
        if "mode=ro" in database:
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise error
        return connect(database, **options)

    _no_permission(home, monkeypatch)
    monkeypatch.setattr(sqlite3, "connect", refusing)
    found = diagnoses(run, code=1)
    assert found[("Database", "permission")]["next_step"].startswith(f"Run `chmod u+rw {home}/connectors.db`")
    assert found[("Database", "contents")]["text"] == "whole"
    assert found[("Database", "holds")]["text"].startswith("1 connection, ")


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
    connection = sqlite3.connect(home / "connectors.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _setting(home, monkeypatch):
    monkeypatch.setenv("CONNECTORS_BASE_URL_OVERRIDE", "sometimes")


def _broken_file(home, monkeypatch):
    (home / ".env").write_text("what is this")


def _bundle(home, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")


def _folder_for_a_file(home, monkeypatch):
    for file in home.glob("connectors.db*"):
        if file.is_file():
            file.unlink()
    (home / "connectors.db").mkdir()


def _no_permission(home, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: mode == os.R_OK and access(place, mode))


def _no_schema(home, monkeypatch):
    (home / "more" / "helpdesk").mkdir(parents=True)
    (home / "more" / "helpdesk" / "__init__.py").write_text(
        "from connectors import Connector\nfrom connectors.authoring import sync\n"
        "@sync('Article', every='1h')\ndef articles(run):\n    yield {}\n"
        "connector = Connector(functions=(articles,))\n"
    )
    (home / "more" / "helpdesk" / "providers.yaml").write_text("helpdesk: {auth_mode: NONE}\n")
    monkeypatch.setenv("CONNECTORS_PATH", str(home / "more"))


def _no_import(home, monkeypatch):
    _no_schema(home, monkeypatch)
    (home / "more" / "helpdesk" / "__init__.py").write_text("import connectors\n\nnothing_here()\n")


def _proxy(home, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "foo")


def _folder(home, monkeypatch):
    monkeypatch.setenv("CONNECTORS_PATH", str(home))


BREAKAGES = {
    _open_key: "vault.key",
    _no_database: "cannot be read",
    _newer: "this version knows",
    _setting: "CONNECTORS_BASE_URL_OVERRIDE",
    _broken_file: ".env",
    _bundle: "there is no /nowhere.pem",
    _folder: "holds no connector",
    _folder_for_a_file: "is no file",
    _no_permission: "no permission to write",
    _no_schema: "helpdesk has no model 'Article'",
    _no_import: "helpdesk/__init__.py, line 3: NameError",
    _proxy: "foo",
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_the_doctor_names_each_problem_and_a_next_step(run, connected, home, monkeypatch, breakage):
    breakage(home, monkeypatch)
    problems = [each for each in diagnoses(run, code=1).values() if each["problem"]]
    assert problems
    assert all(each["next_step"] and "connectors doctor" not in each["next_step"] for each in problems)
    assert [BREAKAGES[breakage] in each["text"] for each in problems] == [True]  # each cause once
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
