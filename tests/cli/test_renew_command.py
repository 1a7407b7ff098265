"""`connectors connections renew`, and calls whose token has to be renewed first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.accounts import SUBMITTED


@pytest.fixture
def server():
    with AuthorizationServer() as running:
        yield running


@pytest.fixture
def at(run, server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command, with the account `acme` of a provider connected."""
    file = tmp_path / "server.yaml"
    file.write_text(definitions(server.url))
    monkeypatch.setenv("CONNECTORS_ALLOW_PRIVATE_HOSTS", "true")
    secret = tmp_path / "secret"
    secret.write_text(SUBMITTED["machine"]["client_secret"])

    def invoke(*arguments: str, **options):
        return run("--providers", str(file), *arguments, **options)

    given = ("--credential", f"client_id={SUBMITTED['machine']['client_id']}")
    invoke("connect", "machine", "--id", "acme", *given, "--credential", f"client_secret=@{secret}")
    return invoke


def test_renewing_fetches_a_token_now_and_says_so(at, server):
    result = at("connections", "renew", "acme")
    assert "has new credentials" in result.stdout
    assert len(server.asked) == 2
    assert at("proxy", "GET", "/me", "--connection", "acme").exit_code == 0


def test_a_refused_renewal_is_an_error_and_stands_in_the_connection(at, server):
    server.refuses = (400, {"error": "invalid_grant"})
    result = at("connections", "renew", "acme", "--json", code=None)
    assert result.exit_code != 0
    assert json.loads(result.stdout or result.stderr)["error"]["code"] == "token_refused"
    assert "token_refused" in at("connections", "show", "acme", "--json").stdout
    assert "invalid_grant" in at("connections", "show", "acme").stdout


def test_the_time_of_renewed_credentials_is_written_as_everywhere(at):
    renewed = json.loads(at("connections", "renew", "acme", "--json").stdout)
    shown = json.loads(at("connections", "show", "acme", "--json").stdout)
    assert renewed["credentials_expires_at"] == shown["credentials_expires_at"]


def test_a_refused_token_is_renewed_under_the_call(at, server):
    server.grants.expire()
    assert "known" in at("proxy", "GET", "/me", "--connection", "acme").stdout
    assert len(server.asked) == 2
