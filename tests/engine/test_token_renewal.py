"""When stored credentials are renewed, and what happens when they cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.host import Host
from connectors.engine.store.connections import StoredConnection
from connectors.engine.vault import Vault
from connectors.errors import (
    AuthError,
    RefreshExhausted,
    RefreshWaits,
    TokenError,
    TokenRefused,
    UnknownConnection,
)
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.accounts import SEALING_KEY, call, connected, open_host
from tests.authorization_server.oauth2 import CLIENT_ID, CLIENT_SECRET
from tests.authorization_server.server import Hold

DAY = 24 * 3600
INVALID_GRANT: tuple[int, dict[str, Any]] = (400, {"error": "invalid_grant"})


@pytest.fixture
def host(tmp_path: Path, database_url: str, server: AuthorizationServer, clock: FakeClock) -> Iterator[Host]:
    (tmp_path / "providers.yaml").write_text(definitions(server.url))
    with open_host(tmp_path, clock, database_url=database_url) as opened:
        yield opened


@pytest.fixture
def acme(host: Host) -> StoredConnection:
    return connected(host, "machine")


def test_a_long_lived_client_gets_new_credentials_when_they_are_due(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    with host.client(acme) as client:
        for _ in range(3):
            assert client.get("/me").status == client.get("/me").status == 200
            clock.advance(3600)
    assert len(server.asked) == 3
    assert len(set(server.called)) == 3


def test_a_client_uses_what_another_renewed(host: Host, server: AuthorizationServer, clock: FakeClock, acme) -> None:
    with host.client(acme) as one, host.client(acme) as other:
        one.get("/me")
        clock.advance(3600)
        other.get("/me")
        one.get("/me")
    assert len(server.asked) == 2
    assert server.called[1] == server.called[2] != server.called[0]


def test_a_client_uses_what_an_operator_stored_meanwhile(
    host: Host, server: AuthorizationServer, acme: StoredConnection
) -> None:
    with host.client(acme) as client:
        client.get("/me")
        connected(host, "machine")
        client.get("/me")
    assert len(set(server.called)) == 2


def test_a_client_of_a_deleted_connection_sends_nothing(host: Host, server: AuthorizationServer, acme) -> None:
    with host.client(acme) as client:
        host.connections.delete("dev", "acme")
        with pytest.raises(UnknownConnection):
            client.get("/me")
    assert server.called == []


def test_a_401_renews_once_and_the_call_goes_again(host: Host, server: AuthorizationServer, acme) -> None:
    with host.client(acme) as client:
        server.grants.expire()
        assert client.post("/things", data={"name": "new"}).status == 200
    assert server.asked == ["client_credentials"] * 2
    assert len(server.called) == len(set(server.called)) == 2


def test_a_401_that_new_credentials_do_not_help_is_the_answer(
    host: Host, server: AuthorizationServer, acme: StoredConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.grants, "accepts", lambda token: False)
    with host.client(acme) as client:
        for _ in range(2):
            with pytest.raises(AuthError):
                client.get("/me")
    assert len(server.called) == 3
    assert len(server.asked) == 2  # the second call comes within a minute


def test_a_401_is_the_answer_when_renewing_fails_and_says_why(host: Host, server: AuthorizationServer, acme) -> None:
    server.grants.expire()
    server.refuses = INVALID_GRANT
    with host.client(acme) as client, pytest.raises(AuthError) as refused:
        client.get("/me")
    assert "refused to give a token" in refused.value.next_step
    with host.client(acme) as client:
        assert client.get("/me", raise_for_status=False).status == 401
    assert len(server.asked) == 2  # the back-off holds for both


def test_credentials_that_live_shorter_than_the_buffer_are_renewed_once_a_minute(
    host: Host, server: AuthorizationServer, clock: FakeClock
) -> None:
    server.grants.lifetime = 300
    acme = connected(host, "machine")
    for _ in range(4):
        assert call(host, acme) == call(host, acme) == 200
        clock.advance(30)
    assert len(server.asked) == 3  # connected; then at 0 and 60 seconds


def test_a_failure_is_recorded_and_success_clears_it(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    clock.advance(3600)
    server.refuses = INVALID_GRANT
    with pytest.raises(TokenRefused):
        call(host, acme)
    stored = host.connections.get("dev", "acme")
    assert stored.error is not None
    assert (stored.error["code"], stored.error["status"]) == ("token_refused", 400)
    assert "invalid_grant" in stored.error["excerpt"]
    assert server.called == []
    server.refuses = None
    clock.advance(30)
    assert call(host, acme) == 200
    assert host.connections.get("dev", "acme").error is None


def test_an_error_says_no_secret_that_the_server_repeats(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    clock.advance(3600)
    server.refuses = (400, {"error": f"{CLIENT_SECRET} is not the secret of {CLIENT_ID}"})
    with pytest.raises(TokenRefused) as refused:
        call(host, acme)
    told = json.dumps([refused.value.to_dict(), host.connections.get("dev", "acme").to_dict()])
    assert "is not the secret of" in told
    assert CLIENT_SECRET not in told


def test_nothing_is_tried_for_half_a_minute_after_a_failure(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    clock.advance(3600)
    server.refuses = INVALID_GRANT
    with pytest.raises(TokenRefused):
        call(host, acme)
    server.refuses = None
    clock.advance(29)
    with pytest.raises(RefreshWaits) as waits:
        call(host, acme)
    assert waits.value.retry_after == pytest.approx(1)
    assert waits.value.reference_code == "connection_refresh_backoff"
    assert len(server.asked) == 2
    clock.advance(1)
    assert call(host, acme) == 200


def test_after_failures_on_four_days_nothing_is_tried_any_more(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    server.refuses = INVALID_GRANT
    for _ in range(3):
        clock.advance(DAY)
        for _ in range(5):  # however often on one day
            clock.advance(60)
            with pytest.raises(TokenRefused):
                call(host, acme)
    clock.advance(DAY)
    with pytest.raises(TokenRefused):
        call(host, acme)
    server.refuses = None
    clock.advance(10 * DAY)
    with pytest.raises(RefreshExhausted) as exhausted:
        call(host, acme)
    assert exhausted.value.reference_code == "connection_refresh_exhausted"
    assert len(server.asked) == 1 + 3 * 5 + 1


def test_success_in_between_starts_the_count_of_days_again(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    for refusal in (*[INVALID_GRANT] * 3, None, *[INVALID_GRANT] * 3):
        clock.advance(DAY)
        server.refuses = refusal
        if refusal is None:
            assert call(host, acme) == 200
        else:
            with pytest.raises(TokenRefused):
                call(host, acme)
    clock.advance(DAY)
    server.refuses = None
    assert call(host, acme) == 200


@pytest.mark.parametrize("way", ["renew", "connect"])
def test_an_operator_ends_the_exhaustion(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection, way: str
) -> None:
    server.refuses = INVALID_GRANT
    for _ in range(4):
        clock.advance(DAY)
        with pytest.raises(TokenRefused):
            call(host, acme)
    server.refuses = None
    if way == "renew":
        host.connections.renew("dev", "acme")
    else:
        connected(host, "machine")
    assert call(host, acme) == 200


def test_renewing_by_hand_skips_the_back_off_and_fresh_credentials(
    host: Host, server: AuthorizationServer, acme: StoredConnection
) -> None:
    server.refuses = INVALID_GRANT
    for _ in range(2):
        with pytest.raises(TokenRefused):
            host.connections.renew("dev", "acme")
    server.refuses = None
    for _ in range(2):
        host.connections.renew("dev", "acme")
    assert len(server.asked) == 5


def test_an_endpoint_that_gives_no_answer_counts_as_a_failure(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    clock.advance(3600)
    server.hold = Hold()
    server.hold.drop()
    with pytest.raises(TokenError) as failed:
        call(host, acme)
    assert failed.value.reference_code == "refresh_token_external_error"
    with pytest.raises(RefreshWaits):
        call(host, acme)


def test_what_connecting_again_stored_meanwhile_is_not_overwritten(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(3600)
    answer, again = server.grants.token, []

    def answered(*given: Any) -> Any:
        if not again:  # while the renewal waits for its answer
            again.append(True)
            server._lock.release()
            connected(host, "machine")
            server._lock.acquire()
        return answer(*given)

    monkeypatch.setattr(server.grants, "token", answered)
    assert call(host, acme) == call(host, acme) == 200
    assert server.called[0] == server.called[1]
    assert len(server.asked) == 3


def test_resealing_under_a_new_key_meanwhile_loses_no_token(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(3600)
    answer = server.grants.token

    def answered(*given: Any) -> Any:
        host.vault = Vault([b"n" * 32, SEALING_KEY])
        host.connections.rotate()
        return answer(*given)

    monkeypatch.setattr(server.grants, "token", answered)
    assert call(host, acme) == call(host, acme) == 200
    assert len(server.asked) == 2
