"""Several processes on one database."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture
def environment(tmp_path, database_url):
    from connectors.paligo.emulator import Account, Emulator

    with Emulator(Account.generate(documents=300)) as emulator:
        environment = {**os.environ, **emulator.environment(), "CONNECTORS_HOME": str(tmp_path / "home")}
        environment |= {"DATABASE_URL": database_url}
        yield environment


def start(environment, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "connectors", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sync_proxy_and_records_at_once_never_meet_a_locked_database(environment):
    from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME

    connected = start(
        {**environment, "CONNECTORS_CREDENTIAL_APIKEY": API_KEY},
        *("connect", "paligo", "--id", "acme", "--config", f"instance={INSTANCE}", "--config", f"username={USERNAME}"),
        *("--metadata", "plan=enterprise"),
    )
    output, errors = connected.communicate(timeout=60)
    assert connected.returncode == 0, output + errors
    running = start({**environment}, "sync", "documents", "--connection", "acme", "--limit", "200", "--json")
    others = []
    while running.poll() is None or len(others) < 6:
        pair = [
            start(environment, "proxy", "GET", "/api/v2/groups", "--connection", "acme", "--param", "per_page=1"),
            start(environment, "records", "Document", "--connection", "acme", "--format", "jsonl"),
            start(environment, "connections", "set", "acme", "--metadata", f"note={len(others)}"),
        ]
        for child in pair:
            output, errors = child.communicate(timeout=60)
            assert child.returncode == 0, errors
            assert "locked" not in errors
            others.append(child)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert "locked" not in output + errors
    checked = start(environment, "doctor")
    output, errors = checked.communicate(timeout=60)
    assert checked.returncode == 0, output + errors
    assert "the vault has their keys" in output
    assert "pa55word" not in output + errors
