"""A client from plain values: credentials acquired at the first call, renewed in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors import Client, HostRefused, Integration, RefreshWaits, TokenRefused
from connectors.registry import default_catalog
from connectors.runtime.connection import Connection
from connectors.runtime.hosts import HostPolicy
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.accounts import SUBMITTED
from tests.authorization_server.oauth2 import CLIENT_ID, CLIENT_SECRET

HERE = HostPolicy(allow_private=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[AuthorizationServer]:
    with AuthorizationServer(clock.now) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path, server: AuthorizationServer) -> Path:
    path = tmp_path / "providers.yaml"
    path.write_text(definitions(server.url))
    return path


def connect(provider: str, file: Path, clock: FakeClock, **changed: Any) -> Client:
    credentials = {**SUBMITTED[provider], **changed}
    return connectors.connect(provider, {}, credentials, providers=[file], clock=clock, policy=HERE)


@pytest.mark.parametrize("provider", ["machine", "stepping", "signing"])
def test_the_first_call_acquires_and_later_ones_renew(
    provider: str, server: AuthorizationServer, file: Path, clock: FakeClock
) -> None:
    with connect(provider, file, clock) as client:
        assert server.asked == []
        assert client.get("/me").status == client.get("/me").status == 200
        clock.advance(3600)
        assert client.get("/me").status == client.get("/me").status == 200
    assert len(server.asked) == (0 if provider == "signing" else 2)
    assert len(set(server.called)) == 2


def test_threads_of_one_client_acquire_once(server: AuthorizationServer, file: Path, clock: FakeClock) -> None:
    together = threading.Barrier(8)
    with connect("machine", file, clock) as client, ThreadPoolExecutor(8) as threads:

        def call(_: int) -> int:
            together.wait(60)
            return client.get("/me").status

        assert list(threads.map(call, range(8))) == [200] * 8
    assert server.asked == ["client_credentials"]


def test_a_401_renews_once(server: AuthorizationServer, file: Path, clock: FakeClock) -> None:
    with connect("machine", file, clock) as client:
        client.get("/me")
        clock.advance(60)
        server.grants.expire()
        assert client.get("/me").status == 200
    assert len(server.asked) == 2
    assert len(server.called) == 3


def test_wrong_credentials_are_not_tried_again_at_once(
    server: AuthorizationServer, file: Path, clock: FakeClock
) -> None:
    with connect("machine", file, clock, client_secret="mistyped") as client:
        with pytest.raises(TokenRefused):
            client.get("/me")
        with pytest.raises(RefreshWaits):
            client.get("/me")
        clock.advance(30)
        with pytest.raises(TokenRefused):
            client.get("/me")
    assert len(server.asked) == 2
    assert server.called == []


def test_verifying_says_that_no_token_could_be_had(file: Path, server: AuthorizationServer, clock: FakeClock) -> None:
    file.write_text(file.read_text().replace("proxy: {", "proxy: {verification: {method: GET, endpoints: [/me]}, "))
    with connect("machine", file, clock) as client:
        assert client.verify().ok
    with connect("machine", file, clock, client_secret="mistyped") as client:
        outcome = client.verify()
    assert not outcome.ok
    assert isinstance(outcome.error, TokenRefused)


def test_tokens_that_are_there_are_used_and_renewed(server: AuthorizationServer, file: Path, clock: FakeClock) -> None:
    issued = server.grants.issue("acme")
    stored = {"type": "OAUTH2", "expires_at": "2026-01-01T01:00:00.000Z", **issued}
    provider = default_catalog([file]).get("consenting")
    integration = Integration(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    with Client(Connection(provider, {}, stored, integration=integration), clock=clock, policy=HERE) as client:
        clock.advance(3600)
        assert client.get("/me").status == 200
        assert client.connection.credentials["refresh_token"] != issued["refresh_token"]
    assert server.asked == ["refresh_token"]


def test_what_masks_secrets_masks_the_renewed_ones_too(
    server: AuthorizationServer, file: Path, clock: FakeClock
) -> None:
    with connect("machine", file, clock) as client:
        early = client.connection.redactor  # as a logger holds it
        for _ in range(2):
            client.get("/me")
            clock.advance(3600)
        newest = server.called[-1].removeprefix("Bearer ")
    assert early.text(f"was: {newest} {CLIENT_SECRET}") == "was: [secret] [secret]"


def test_what_an_answer_says_of_a_token_is_masked_nowhere(
    file: Path, server: AuthorizationServer, clock: FakeClock
) -> None:
    with connect("machine", file, clock) as client:
        client.get("/me")
        words = "Bearer 3600.0 2026-01-01T01:00:00.000Z"
        assert client.connection.redactor.text(words) == words


def test_a_private_token_endpoint_is_refused_unless_allowed(
    file: Path, server: AuthorizationServer, clock: FakeClock
) -> None:
    with (
        connectors.connect("machine", {}, SUBMITTED["machine"], providers=[file], clock=clock) as client,
        pytest.raises(HostRefused),
    ):
        client.get("/me")
    assert server.asked == []
