"""A run shows that it lives, ends when it must before its time, and is closed by others when it is dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

import pytest

from connectors.authoring import Item, Record, Run
from connectors.engine import runs
from connectors.engine.due import Worker
from connectors.engine.leases import close_dead, is_alive
from connectors.engine.runner import Runner
from connectors.engine.store.batch import Place
from connectors.errors import AlreadyRunning
from connectors.runtime.ports import Waiting
from tests.engine.conftest import Toy


@pytest.fixture
def slow(toy: Toy) -> Toy:
    """A toy whose sync reads for as long as it is let."""
    toy.fill(1000)

    def script(run: Run) -> Iterable[Item]:
        for thing in toy.things.values():
            time.sleep(0.02)
            yield Record(thing)

    toy.script = script
    toy.set("CONNECTORS_HEARTBEAT", "0.05")
    return toy


def _begun(toy: Toy, **options: Any) -> Place:
    stored = toy.host.connections.get("dev", "acme")
    given = {"trigger": "library", "owner": "test:1", "full": False, "now": toy.clock.now(), **options}
    place, _, _ = toy.host.store.passes.begin("dev", stored.key, "things", "Thing", "base", **given)
    return place


def _started(toy: Toy) -> tuple[threading.Thread, list[Any]]:
    reports: list[Any] = []
    thread = threading.Thread(target=lambda: reports.append(toy.run()))
    thread.start()
    while not toy.host.store.runs.all_running():
        time.sleep(0.01)
    return thread, reports


def test_a_run_that_goes_on_beats_and_is_not_closed_however_long_it_takes(slow: Toy) -> None:
    thread, reports = _started(slow)
    for _ in range(5):
        time.sleep(0.1)
        assert close_dead(slow.host.store, now=slow.clock.now(), take_over=1.0) == []
        (run,) = slow.host.store.runs.list("dev")
        assert is_alive(slow.host.store, run, now=slow.clock.now(), take_over=1.0)
    slow.host.stopping.set()
    thread.join(20)
    assert reports[0].state == "interrupted"


def test_a_run_ends_when_its_process_is_about_to_and_keeps_what_it_read(slow: Toy) -> None:
    thread, reports = _started(slow)
    time.sleep(0.2)
    slow.host.stopping.set()
    thread.join(20)
    assert (reports[0].state, "shutdown" in reports[0].notes[-1]) == ("interrupted", True)
    assert len(slow.stored()) == reports[0].added > 0


# On SQLite the operating system keeps the place for as long as the process lives.
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_run_whose_place_was_taken_ends_and_writes_nothing_more(slow: Toy) -> None:
    thread, reports = _started(slow)
    time.sleep(0.1)
    place = _begun(slow, take_over=-1.0)
    thread.join(20)
    assert reports[0].state == "interrupted"
    (newest, first) = slow.host.store.runs.list("dev")
    assert (newest["id"], newest["state"], first["state"]) == (place.run, "running", "interrupted")
    assert slow.stored() == {}


def test_a_dead_run_is_closed_by_whoever_looks_and_a_living_one_is_not_begun_again(toy: Toy) -> None:
    place = _begun(toy)  # and its process died: nobody holds the lock, nothing beats
    if toy.database_url:
        assert close_dead(toy.host.store, now=toy.clock.now(), take_over=60.0) == []
        with pytest.raises(AlreadyRunning, match=f"as run {place.run}, owned by test:1"):
            toy.run()
    time.sleep(0.02)
    (closed,) = close_dead(toy.host.store, now=toy.clock.now(), take_over=0.01)
    assert (closed["number"], closed["sync"], closed["trigger"]) == (place.run, "things", "library")
    assert toy.host.store.runs.get("dev", place.run)["state"] == "interrupted"
    assert toy.run().state == "success"


def test_a_scheduled_run_that_would_wait_long_for_its_budget_closes_and_is_due_when_it_opens(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Runner] = []

    class Noted(Runner):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    def script(run: Run) -> Iterable[Item]:
        yield Record({"id": "a", "name": "x"})
        made[-1].pace.waiting(Waiting(90.0, "budget"))
        yield Record({"id": "b", "name": "x"})

    monkeypatch.setattr(runs, "Runner", Noted)
    toy.script = script
    worker = Worker(toy.host)
    (due,) = worker.take()
    began = toy.clock.now()
    report = worker.run(due)
    assert report is not None
    assert (report.state, report.added) == ("waiting", 1)
    assert worker.take() == []
    assert worker.next_due() == pytest.approx(began + 90.0)
    assert toy.run().state == "success", "one that somebody waits for goes on in its turn"
