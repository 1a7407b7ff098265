"""What a server does for itself: credentials renewed in time, errors told once, old rows cleared away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.engine import upkeep
from connectors.engine.host import Host
from connectors.engine.store.connections import StoredConnection
from connectors.engine.upkeep import clear_old, renew_expiring
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.accounts import SUBMITTED, connected, open_host
from tests.engine.conftest import Toy

DAY = 86400.0
INVALID_GRANT: tuple[int, dict[str, Any]] = (400, {"error": "invalid_grant"})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[AuthorizationServer]:
    with AuthorizationServer(clock.now) as running:
        yield running


@pytest.fixture
def host(tmp_path: Path, database_url: str, server: AuthorizationServer, clock: FakeClock) -> Iterator[Host]:
    (tmp_path / "providers.yaml").write_text(definitions(server.url))
    with open_host(tmp_path, clock, database_url=database_url) as opened:
        opened.outgoing.set_target("dev", url="https://customer.example/hook")
        yield opened


@pytest.fixture
def acme(host: Host) -> StoredConnection:
    return connected(host, "machine")


def told(host: Host) -> list[str]:
    import json

    taken = host.store.deliveries.claim(now=1e12, until=2e12, limit=100)
    return [json.loads(each.body)["operation"] for each in sorted(taken, key=lambda each: each.id)]


def test_credentials_are_renewed_before_anybody_needs_them(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    assert renew_expiring(host) == 0
    clock.advance(3600 - 600)
    assert renew_expiring(host) == 1
    assert len(server.asked) == 2
    assert renew_expiring(host) == 0
    with host.client(acme) as client:
        client.get("/me")
    assert len(server.asked) == 2


def test_however_many_expire_at_once_all_are_renewed_in_time(
    host: Host, clock: FakeClock, acme: StoredConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_MOST_AT_ONCE", 1)
    for id_ in ("b", "c"):
        given = SUBMITTED["machine"]
        host.connections.connect("dev", provider="machine", id=id_, config={}, credentials=given)
    clock.advance(3600 - 600)
    assert renew_expiring(host) == 3


def test_a_failure_is_recorded_and_told_once_and_gone_after_success(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    told(host)
    server.refuses = INVALID_GRANT
    clock.advance(3600)
    for _ in range(3):
        assert renew_expiring(host) == 1
        assert renew_expiring(host) == 0  # not again before five minutes have passed
        clock.advance(301)
    (error,) = host.health.errors("dev", acme.key)[acme.key]
    assert error["type"] == "auth"
    assert told(host) == ["refresh"]
    server.refuses = None
    assert renew_expiring(host) == 1
    assert host.health.errors("dev") == {}


def test_connecting_again_clears_the_error(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: Any
) -> None:
    server.refuses = INVALID_GRANT
    clock.advance(3600)
    renew_expiring(host)
    server.refuses = None
    connected(host, "machine")
    assert host.health.errors("dev") == {}


def test_nobody_tries_after_four_days_of_failures(
    host: Host, server: AuthorizationServer, clock: FakeClock, acme: StoredConnection
) -> None:
    server.refuses = INVALID_GRANT
    for _ in range(4):
        clock.advance(DAY)
        assert renew_expiring(host) == 1
    clock.advance(DAY)
    assert renew_expiring(host) == 0


def test_old_runs_go_but_the_newest_of_a_sync_stays(toy: Toy) -> None:
    toy.fill(1)
    for _ in range(3):
        toy.run()
        toy.clock.sleep(60)
    toy.clock.sleep(31 * DAY)
    assert clear_old(toy.host)["runs"] == 2
    assert len(toy.host.store.runs.list("dev")) == 1
    assert clear_old(toy.host)["runs"] == 0


def test_deleted_records_are_forgotten_in_time_and_others_stay(toy: Toy) -> None:
    toy.fill(5)
    toy.run()
    del toy.things["t0004"]
    toy.run()
    toy.clock.sleep(89 * DAY)
    assert clear_old(toy.host)["deleted records"] == 0
    toy.clock.sleep(2 * DAY)
    assert clear_old(toy.host)["deleted records"] == 1
    assert len(toy.stored()) == 4


def test_old_deliveries_and_events_are_cleared(toy: Toy) -> None:
    toy.host.outgoing.set_target("dev", url="https://customer.example/hook")
    stored = toy.host.connections.get("dev", "acme")
    toy.host.outgoing.connected(stored, again=False)
    (sent,) = toy.host.store.deliveries.claim(now=toy.clock.now(), until=toy.clock.now(), limit=1)
    ended: dict[str, Any] = {"state": "failed", "status": None, "error": "no", "due_at": 0.0}
    toy.host.store.deliveries.attempted("dev", sent.id, **ended, ended_at=toy.clock.now())
    now = toy.clock.now()
    assert toy.host.store.incoming.note_event("dev", stored.key, "k", now=now, until=now + 30)
    toy.clock.sleep(31 * DAY)
    cleared = clear_old(toy.host)
    assert (cleared["deliveries"], cleared["events"]) == (1, 1)
