"""What is wrong before a server begins is said then, in a sentence, and nothing is spent on a start that fails."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from connectors.engine.keys import key_id
from tests.server.test_serve import Process


def connectors(folder: Path, *words: str, code: int = 0, **environ: str) -> str:
    own = {"CONNECTORS_HOME": str(folder / "home"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "connectors", *words],
        env={**own, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_start_that_fails_spends_no_key(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        process = Process(tmp_path, "--port", str(held.getsockname()[1]))
        assert process.wait() != 0
    assert "shown this once" not in process.output
    second = Process(tmp_path)
    second.until_ready()
    assert "shown this once" in second.output
    assert "vault.key. Keep a copy" in second.output
    assert second.end() == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CONNECTORS_PORT", "70000", "expected a whole number from 1 to 65535"),
        ("CONNECTORS_WEBHOOK_URL", "ftp://x", "expected an http or https URL"),
        ("CONNECTORS_RETENTION_RUNS", "-1", "expected a whole number from 1"),
        ("DATABASE_URL", "mysql://x/y", "or postgresql://USER:PASSWORD@HOST:PORT/NAME"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_setting_that_cannot_be_used_is_named_at_the_start(
    tmp_path: Path, command: str, name: str, value: str, says: str
) -> None:
    said = connectors(tmp_path, command, code=2, **{name: value})
    assert f"error [invalid_setting]: {name}" in said
    assert says in said


def test_a_key_that_is_missing_is_said_at_the_start_and_no_second_one_is_made(tmp_path: Path) -> None:
    connectors(tmp_path, "env", "create", "dev")
    file = tmp_path / "home" / "vault.key"
    name = key_id_of(file)
    file.unlink()
    process = Process(tmp_path)
    process.until_listening()
    assert requests.get(f"{process.url}/ready", timeout=5).json() == {"result": "not ready", "code": "vault_failed"}
    assert process.end() == 0
    assert f"1 credentials, clients or signing keys are sealed with {name}" in process.output
    assert "env rotate NAME --signing-key" in process.output
    said = connectors(tmp_path, "env", "create", "second", code=1)
    assert f"There is no key here, but 1 things are sealed with {name}" in said
    assert "openssl rand -base64 32" in said
    assert not file.exists()


def test_who_lost_the_key_goes_on_with_a_new_one(tmp_path: Path) -> None:
    connectors(tmp_path, "env", "create", "dev")
    (tmp_path / "home" / "vault.key").unlink()
    new = {"CONNECTORS_ENCRYPTION_KEY": "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="}
    connectors(tmp_path, "env", "rotate", "dev", "--signing-key", **new)
    process = Process(tmp_path, **new)
    process.until_ready()
    assert process.end() == 0
    assert "warning" not in process.output


def test_a_schema_that_would_reject_every_record_is_named_at_the_start(tmp_path: Path) -> None:
    schemas = tmp_path / "shop" / "schemas" / "shop"
    schemas.mkdir(parents=True)
    (schemas / "Thing.json").write_text('{"properties": {"id": {"type": "integer"}}}', "utf-8")
    (tmp_path / "shop" / "__init__.py").write_text(
        "from connectors import Connector\nfrom connectors.authoring import sync\n\n\n"
        "@sync('Thing', every='1h')\ndef things(run):\n    yield {'id': 1}\n\n\n"
        "connector = Connector(functions=(things,))\n",
        "utf-8",
    )
    definition = "shop:\n  display_name: Shop\n  auth_mode: NONE\n  proxy: {base_url: https://shop.example}\n"
    (tmp_path / "shop" / "providers.yaml").write_text(definition, "utf-8")
    process = Process(tmp_path, CONNECTORS_PATH=str(tmp_path / "shop"))
    process.until_ready()
    assert process.end() == 0
    assert "warning: shop's things cannot run" in process.output
    assert 'allows only integer as "id"' in process.output


def test_the_key_does_not_go_into_systemds_journal(tmp_path: Path) -> None:
    output = tmp_path / "journal"
    output.touch()
    stream = output.stat()
    with output.open("r+b") as journal:
        process = Process(tmp_path, into=journal, JOURNAL_STREAM=f"{stream.st_dev}:{stream.st_ino}")
        process.until_ready()
        assert process.end() == 0
    said = output.read_text("utf-8")
    assert "shown this once" not in said
    assert "`connectors env create dev` makes one and shows it" in said
    assert json.loads(connectors(tmp_path, "env", "list", "--json", code=0)) == []


def key_id_of(file: Path) -> str:
    from connectors.engine.keys import read_key_file

    keys = read_key_file(file.parent)
    assert keys
    return key_id(keys[0])
