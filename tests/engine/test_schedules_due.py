"""What is due: targeted runs for events, many schedules at once, and the query that finds them."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from connectors.authoring import Checkpoint, Item, Record, Run
from connectors.engine.due import Worker
from connectors.engine.store.queries import Query, queries
from tests.engine.conftest import Toy


def work(toy: Toy) -> list[str]:
    worker = Worker(toy.host)
    return [report.state for due in worker.take() if (report := worker.run(due)) is not None]


def want(toy: Toy, *ids: str) -> None:
    stored = toy.host.connections.get("dev", "acme")
    toy.host.store.schedules.want("dev", stored.key, "things", ids, now=toy.clock.now())


@pytest.fixture
def asked(toy: Toy) -> list[frozenset[str]]:
    """What each run was asked for, of a sync that reads only that."""
    told: list[frozenset[str]] = []

    def script(run: Run) -> Iterable[Item]:
        told.append(run.only)
        for id_ in sorted(run.only or toy.things):
            yield Record(toy.things[id_])
        yield Checkpoint({"whole": not run.only})

    toy.script = script
    toy.fill(3)
    return told


def test_a_targeted_run_reads_the_wanted_ids_and_deletes_nothing(toy: Toy, asked: list[frozenset[str]]) -> None:
    work(toy)
    toy.host.store.schedules.changes(
        {"environment": "dev", "connection": 1, "sync": "things", "variant": "base"}, "forget_sync"
    )
    toy.things["t0001"]["name"] = "New"
    del toy.things["t0002"]
    toy.clock.sleep(10)
    want(toy, "t0001")
    assert work(toy) == ["success"]
    assert asked == [frozenset(), {"t0001"}]
    assert toy.stored()["t0001"]["name"] == "New"
    assert "t0002" in toy.stored()
    assert work(toy) == []
    assert toy.host.schedules.status("dev", "toy")[0]["checkpoint"] is None  # its checkpoint did not count
    toy.clock.sleep(3600)
    work(toy)
    assert "t0002" not in toy.stored()  # the whole run after it sees what is absent


def test_events_that_come_while_it_runs_are_taken_by_a_run_right_after(toy: Toy, asked: list[frozenset[str]]) -> None:
    script = toy.script

    def interrupted(run: Run) -> Iterable[Item]:
        toy.script = script
        yield from script(run)
        toy.clock.sleep(1)
        want(toy, "t0000")
        toy.clock.sleep(1)

    toy.script = interrupted
    assert work(toy) == ["success"]
    assert work(toy) == ["success"]
    assert work(toy) == []
    assert asked == [frozenset(), {"t0000"}]


def test_what_was_wanted_before_a_whole_run_began_is_not_read_again(toy: Toy, asked: list[frozenset[str]]) -> None:
    worker = Worker(toy.host)
    (due,) = worker.take()
    toy.clock.sleep(1)
    want(toy, "t0000")
    worker.run(due)
    assert work(toy) == []
    assert asked == [frozenset()]


def test_a_whole_run_takes_along_what_was_wanted_before_it(toy: Toy, asked: list[frozenset[str]]) -> None:
    want(toy, "t0000")
    toy.host.schedules.trigger("dev", "toy")
    assert work(toy) == ["success"]
    assert work(toy) == []


def test_an_event_without_ids_asks_for_everything(toy: Toy, asked: list[frozenset[str]]) -> None:
    work(toy)
    want(toy, "", "t0000")
    toy.clock.sleep(1)
    assert work(toy) == ["success"]
    assert asked[-1] == frozenset()
    assert work(toy) == []


def test_a_sync_that_does_not_look_at_the_ids_makes_a_whole_run(toy: Toy) -> None:
    toy.fill(3)
    work(toy)
    del toy.things["t0002"]
    toy.clock.sleep(10)
    want(toy, "t0000")
    assert work(toy) == ["success"]
    assert "t0002" not in toy.stored()


def test_a_paused_schedule_waits_with_the_wanted_ids(toy: Toy, asked: list[frozenset[str]]) -> None:
    work(toy)
    toy.host.schedules.pause("dev", "toy")
    want(toy, "t0000")
    assert work(toy) == []
    assert toy.host.store.schedules.wanted("dev", 1, "things", limit=5)


def test_too_many_wanted_ids_become_everything(toy: Toy, asked: list[frozenset[str]]) -> None:
    work(toy)
    want(toy, *(f"n{number}" for number in range(9_000)))
    want(toy, *(f"m{number}" for number in range(2_000)))
    assert list(toy.host.store.schedules.wanted("dev", 1, "things", limit=20_000)) == [""]
    assert work(toy) == ["success"]
    assert asked == [frozenset(), frozenset()]


def _many(toy: Toy, count: int) -> None:
    """So many connections, each with a schedule that is due."""
    rows = toy.host.store
    stored = toy.host.connections.get("dev", "acme")
    now = toy.clock.now()

    def fill(connection: Any) -> None:
        for number in range(count):
            connection.execute(
                "INSERT INTO connections (environment, integration, id, provider, connection_config, sealed, metadata,"
                " created_at, updated_at) VALUES ('dev', 'toy', :id, 'toy', '{}', :sealed, '{}', :now, :now)",
                {"id": f"c{number}", "sealed": stored.sealed, "now": now},
            )
        connection.execute(
            "INSERT INTO schedules (id, environment, connection, sync, variant, state, every, began_at, due_at)"
            " SELECT id, environment, key, 'things', 'base', 'started', 3600, :now, :now + key FROM connections"
            " WHERE id <> 'acme'",
            {"now": now},
        )

    rows.database.write(fill)


def test_the_due_query_of_ten_thousand_schedules_uses_its_index(toy: Toy) -> None:
    _many(toy, 10_000)
    query = queries("schedules")["claim_due"]
    given = {"claim": "me", "now": 0.0, "until": 1.0, "limit": 1000}
    database = toy.host.store.database
    database.connection.execute(Query("ANALYZE schedules"))
    explained = Query(f"{'EXPLAIN' if database.by_heartbeat else 'EXPLAIN QUERY PLAN'} {query}")
    with database.reading() as connection:
        plan = [" ".join(map(str, dict(row).values())) for row in connection.execute(explained, given).fetchall()]
    assert any("schedules_by_wake" in step for step in plan), plan
    assert not any("SCAN schedules" in step or "Seq Scan" in step for step in plan), plan


def test_a_thousand_due_at_once_go_to_two_workers_none_lost_or_doubled(toy: Toy) -> None:
    _many(toy, 1000)
    toy.clock.sleep(5000)
    taken: Counter[int] = Counter()
    lock = threading.Lock()

    def drain() -> None:
        worker = Worker(toy.host)
        while found := worker.take(limit=50):
            with lock:
                taken.update(due.key for due in found)

    threads = [threading.Thread(target=drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1001
    assert set(taken.values()) == {1}


def test_many_overdue_at_the_start_of_a_server_are_spread_over_a_minute(toy: Toy) -> None:
    _many(toy, 200)
    toy.clock.sleep(5000)
    worker = Worker(toy.host)
    assert worker.spread() == 201
    assert len(worker.take()) < 20
    toy.clock.sleep(30)
    assert 60 < len(worker.take()) < 140
    toy.clock.sleep(31)
    worker.take()
    assert worker.spread() == 0


def test_a_schedule_is_called_by_a_uuid(toy: Toy) -> None:
    (item,) = toy.host.schedules.status("dev", "toy")
    assert str(uuid.UUID(item["id"])) == item["id"]
