"""backup, restore, erase, webhooks and audit-log on the command line."""

import json
import shutil

import pytest


def test_a_backup_is_put_back_and_the_credentials_work(run, connected, home, tmp_path):
    run("sync", "documents", "--connection", "acme")
    said = run("backup", str(tmp_path / "copy.db"))
    assert "Copied 1 connection and 24 records" in said.stdout
    assert "key for the credentials is not in it" in said.stderr
    run("connections", "delete", "acme", "--yes")
    restored = run("restore", str(tmp_path / "copy.db"), "--yes")
    assert "Put back 1 connection and 24 records" in restored.stdout
    assert "before-restore-1" in restored.stderr
    assert json.loads(run("connections", "check", "acme", "--json").stdout)["ok"]


def test_a_restore_without_a_yes_does_nothing(run, connected, tmp_path):
    run("backup", str(tmp_path / "copy.db"))
    assert "needs a yes" in run("restore", str(tmp_path / "copy.db"), code=None).stderr
    assert run("connections", "list", "--json").exit_code == 0


def test_a_restore_says_what_a_lost_key_means(run, connected, home, tmp_path, monkeypatch):
    run("backup", str(tmp_path / "copy.db"))
    shutil.rmtree(home)
    said = run("restore", str(tmp_path / "copy.db")).stderr
    assert "1 credentials, clients or signing keys were sealed with a key that is not here (dev/paligo/acme)" in said
    assert "connect these accounts again" in said


def test_a_file_that_is_no_backup_is_refused(run, home, tmp_path):
    (tmp_path / "copy.db").write_text("nothing")
    assert "cannot be used" in run("restore", str(tmp_path / "copy.db"), code=None).stderr
    assert "no file" in run("restore", str(tmp_path / "missing.db"), code=None).stderr


def test_erasing_asks_and_then_nothing_is_left(run, connected):
    run("sync", "documents", "--connection", "acme")
    assert "needs a yes" in run("erase", "--connection", "acme", code=None).stderr
    assert "24 records" in run("erase", "--connection", "acme", "--yes").stdout
    assert "no connection" in run("erase", "--connection", "acme", "--yes", code=None).stderr
    assert "--end-user ID" in run("erase", "--yes", code=None).stderr


def test_the_target_of_webhooks_is_shown_and_changed(run, connected):
    assert json.loads(run("webhooks", "target", "--json").stdout) == {"urls": [], "off": []}
    run("webhooks", "target", "--url", "https://customer.example/hook", "--off", "sync_error")
    found = json.loads(run("webhooks", "target", "--json").stdout)
    assert found == {"urls": ["https://customer.example/hook"], "off": ["sync_error"]}
    assert "http or https" in run("webhooks", "target", "--url", "ftp://x", code=None).stderr


def test_deliveries_are_listed_without_what_may_be_secret(run, connected):
    run("webhooks", "target", "--url", "https://user:pass@customer.example/hook?token=s3cr3t")
    run("sync", "documents", "--connection", "acme")
    said = run("webhooks", "deliveries").stdout
    assert "sync" in said
    assert "customer.example" in said
    assert "s3cr3t" not in said
    assert "user:pass" not in said


def test_an_address_needs_an_environment_with_a_key_and_can_be_revoked(run, connected):
    assert "env create" in run("webhooks", "address", "acme", code=None).stderr
    run("env", "create", "dev")
    made = json.loads(run("webhooks", "address", "acme", "--json").stdout)
    assert made["secret_path"] == f"{made['path']}/{made['password']}"
    assert json.loads(run("webhooks", "revoke", "acme", "--json").stdout) == {"revoked": 1}


def test_the_audit_log_tells_what_commands_did(run, connected):
    run("connections", "delete", "acme", "--yes")
    entries = json.loads(run("audit-log", "--json").stdout)
    assert [(entry["actor"], entry["action"]) for entry in entries[:2]] == [
        ("command", "connection.deleted"),
        ("command", "connection.created"),
    ]


@pytest.mark.parametrize("command", ["backup", "erase", "webhooks", "audit-log"])
def test_nothing_is_made_where_nothing_is(run, home, tmp_path, command):
    words = {
        "backup": [str(tmp_path / "copy.db")],
        "erase": ["--connection", "x", "--yes"],
        "webhooks": ["deliveries"],
        "audit-log": [],
    }
    run(command, *words[command], code=None)
    assert not home.exists()
