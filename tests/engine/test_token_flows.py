"""The token flows of five auth modes over HTTP, against a server that checks what comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.engine.host import Host
from connectors.engine.store.connections import StoredConnection
from connectors.errors import ConsentRefused, TokenRefused
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer, accounts, definitions
from tests.authorization_server.accounts import call, consented

ASKED = {
    "consenting": ["authorization_code"],
    "machine": ["client_credentials"],
    "stepping": ["/session"],
    "signing": [],
    "three-legged": ["/oauth1/request", "/oauth1/access"],
}
RENEWED = {"consenting": "refresh_token", "machine": "client_credentials", "stepping": "/session"}


@pytest.fixture
def host(tmp_path: Path, database_url: str, server: AuthorizationServer, clock: FakeClock) -> Iterator[Host]:
    (tmp_path / "providers.yaml").write_text(definitions(server.url))
    with accounts.open_host(tmp_path, clock, database_url=database_url) as opened:
        yield opened


def connected(host: Host, provider: str) -> StoredConnection:
    way = consented if provider in accounts.CLIENTS else accounts.connected
    return way(host, provider)


@pytest.mark.parametrize("provider", ASKED)
def test_a_connected_account_can_be_called(host: Host, server: AuthorizationServer, provider: str) -> None:
    stored = connected(host, provider)
    assert call(host, stored) == call(host, stored) == 200
    assert server.asked == ASKED[provider]


@pytest.mark.parametrize("provider", RENEWED)
def test_a_token_is_renewed_a_quarter_of_an_hour_before_it_expires(
    host: Host, server: AuthorizationServer, clock: FakeClock, provider: str
) -> None:
    stored = connected(host, provider)
    clock.advance(3600 - 900)
    assert call(host, stored) == 200
    assert server.asked == ASKED[provider]
    clock.advance(1)
    assert call(host, stored) == call(host, stored) == 200
    assert server.asked == [*ASKED[provider], RENEWED[provider]]
    assert len(set(server.called[-2:])) == 1
    assert server.called[-1] != server.called[0]


def test_a_provider_that_tells_no_expiry_is_asked_once_a_minute(
    host: Host, server: AuthorizationServer, clock: FakeClock
) -> None:
    stored = accounts.connected(host, "salesforce-cc")
    server.asked.clear()
    with host.client(stored) as client:
        assert client.get("/me").status == client.get("/me").status == 200
        assert server.asked == ["introspect"]
        clock.advance(60)
        server.grants.expire()
        assert client.get("/me").status == 200
    assert server.asked == ["introspect", "introspect", "client_credentials"]
    assert len(server.called) == 3  # no call was refused


def test_a_token_that_we_sign_is_signed_anew(host: Host, server: AuthorizationServer, clock: FakeClock) -> None:
    stored = connected(host, "signing")
    assert call(host, stored) == 200
    clock.advance(3600)
    assert call(host, stored) == 200
    assert len(set(server.called)) == 2


def test_an_oauth1_token_outlives_every_other(host: Host, server: AuthorizationServer, clock: FakeClock) -> None:
    stored = connected(host, "three-legged")
    clock.advance(10 * 365 * 24 * 3600)
    assert call(host, stored) == 200
    assert server.asked == ASKED["three-legged"]


def test_each_renewal_uses_the_newest_refresh_token(host: Host, server: AuthorizationServer, clock: FakeClock) -> None:
    stored = connected(host, "consenting")
    for _ in range(5):
        clock.advance(3600)
        assert call(host, stored) == 200
    assert server.asked == ["authorization_code", *["refresh_token"] * 5]
    assert server.grants.reused == []


def test_a_refresh_token_that_does_not_rotate_is_kept(
    host: Host, server: AuthorizationServer, clock: FakeClock
) -> None:
    server.grants.rotates = False
    stored = connected(host, "consenting")
    for _ in range(3):
        clock.advance(3600)
        assert call(host, stored) == 200


@pytest.mark.parametrize(("provider", "wrong"), [("machine", "client_secret"), ("stepping", "password")])
def test_wrong_credentials_are_refused_and_not_stored(host: Host, provider: str, wrong: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        accounts.connected(host, provider, **{wrong: "a-mistyped-value"})
    assert refused.value.status == 401
    assert "a-mistyped-value" not in str(refused.value.to_dict())
    assert host.connections.list("dev") == []


def test_a_code_is_good_only_for_the_request_it_was_given_for(host: Host) -> None:
    with pytest.raises(TokenRefused):
        consented(host, "consenting", code="somebody-elses")
    assert host.connections.list("dev") == []


def test_an_oauth1_consent_for_another_token_is_refused(host: Host) -> None:
    with pytest.raises(ConsentRefused):
        consented(host, "three-legged", oauth_token="somebody-elses")
    assert host.connections.list("dev") == []


@pytest.mark.parametrize("provider", ["consenting", "machine", "stepping"])
def test_no_token_is_in_what_may_be_shown(
    host: Host, server: AuthorizationServer, clock: FakeClock, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    stored = connected(host, provider)
    clock.advance(3600)
    with host.client(stored) as client:
        client.get("/me")
        shown = [repr(client), repr(client.connection), client.connection.redactor.text(" ".join(server.called))]
    shown += [str(each.to_dict()) for each in host.connections.list("dev")]
    tokens = [value.split()[1] for value in server.called]
    assert not [token for token in tokens for text in [*shown, caplog.text] if token in text]
