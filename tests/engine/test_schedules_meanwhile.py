"""What is asked for while something else is due, taken or going on: nothing is lost, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from connectors.authoring import Checkpoint, Item, Record, Run
from connectors.engine.report import RunReport
from connectors.engine.schedules import SyncName
from connectors.errors import InputError
from tests.engine.conftest import Toy
from tests.engine.test_schedules import AT, THINGS, Shift

__all__ = ["shift"]


@pytest.fixture
def shift(toy: Toy) -> Shift:
    toy.fill(3)
    return Shift(toy)


@pytest.fixture
def asked(shift: Shift) -> list[frozenset[str]]:
    """What each run was asked for, of a sync that reads only that."""
    told: list[frozenset[str]] = []

    def script(run: Run) -> Iterable[Item]:
        told.append(run.only)
        for id_ in sorted(run.only or shift.toy.things):
            yield Record(shift.toy.things[id_])

    shift.toy.script = script
    shift.work()
    told.clear()
    return told


def want(shift: Shift, *ids: str) -> None:
    shift.host.schedules.want(shift.host.connections.get("dev", "acme"), "things", ids)


def meanwhile(shift: Shift, happens: Callable[[], object]) -> None:
    """Let something happen in the middle of the next run."""
    script = shift.toy.script

    def interrupted(run: Run) -> Iterable[Item]:
        shift.toy.script = script
        yield from script(run)
        happens()

    shift.toy.script = interrupted


def test_an_event_does_not_take_the_place_of_a_slot_that_is_due(shift: Shift, asked: list[frozenset[str]]) -> None:
    del shift.toy.things["t0002"]
    shift.toy.clock.sleep(3601)
    want(shift, "t0000")
    assert shift.work() == ["success"]
    assert asked == [frozenset()]
    assert "t0002" not in shift.toy.stored()
    assert shift.runs()[0]["trigger"] == "schedule"
    assert shift.work() == []


def test_an_event_does_not_narrow_what_was_queued(shift: Shift, asked: list[frozenset[str]]) -> None:
    shift.host.schedules.trigger(*AT)
    (queued,) = shift.worker.queue()
    want(shift, "t0000")
    due = shift.worker.take_queued("dev", queued.key)
    assert due is not None
    shift.worker.run(due)
    assert asked == [frozenset()]
    assert shift.runs()[0]["trigger"] == "trigger"
    assert shift.work() == []


def test_a_run_that_waits_for_its_budget_goes_on_as_the_whole_run_it_was(
    shift: Shift, asked: list[frozenset[str]]
) -> None:
    shift.toy.clock.sleep(3601)
    (due,) = shift.worker.take()
    want(shift, "t0000")
    again_at = shift.toy.clock.now() + 90
    shift.host.store.schedules.change("put_off", environment="dev", key=due.key, claim=due.claim, due_at=again_at)
    assert shift.work() == []
    shift.toy.clock.sleep(90)
    shift.work()
    assert asked == [frozenset()]


def test_a_targeted_run_that_waits_for_its_budget_stays_one(shift: Shift, asked: list[frozenset[str]]) -> None:
    want(shift, "t0000")
    (due,) = shift.worker.take()
    again_at = shift.toy.clock.now() + 90
    shift.host.store.schedules.change("put_off", environment="dev", key=due.key, claim=due.claim, due_at=again_at)
    shift.toy.clock.sleep(90)
    shift.work()
    assert asked == [{"t0000"}]


def test_an_event_or_a_reset_in_the_middle_of_a_run_counts_whatever_the_clock_of_the_machine_that_took_it_says(
    shift: Shift, asked: list[frozenset[str]]
) -> None:
    """Two machines never have the same time."""

    def behind(happens: Callable[[], object]) -> Callable[[], None]:
        def act() -> None:
            shift.toy.clock.advance(-10)
            happens()
            shift.toy.clock.advance(10)

        return act

    shift.host.schedules.trigger(*AT)
    meanwhile(shift, behind(lambda: want(shift, "t0001")))
    assert shift.work() == ["success"]
    assert shift.work() == ["success"]
    assert asked == [frozenset(), {"t0001"}]
    shift.host.schedules.trigger(*AT)
    meanwhile(shift, behind(lambda: shift.host.schedules.trigger(*AT, reset=True)))
    shift.work()
    assert shift.work() == ["success"]
    assert shift.runs()[0]["trigger"] == "trigger"
    assert shift.work() == []


def test_what_was_wanted_is_read_again_where_a_run_only_goes_on_with_a_pass(shift: Shift) -> None:
    asked: list[tuple[object, frozenset[str]]] = []
    fails = [True]

    def script(run: Run) -> Iterable[Item]:
        asked.append((run.checkpoint, run.only))
        if run.only:
            yield from (Record(shift.toy.things[id_]) for id_ in run.only)
        elif run.checkpoint is None:
            yield Record(shift.toy.things["t0000"])
            yield Checkpoint({"page": 2})
        if fails.pop() if fails else False:
            raise RuntimeError("broke off")
        yield Record(shift.toy.things["t0001"])

    shift.toy.script = script
    assert shift.work() == ["failed"]
    shift.toy.clock.sleep(3600)
    want(shift, "t0000")  # its page was read before
    assert shift.work() == ["success"]
    assert shift.work() == ["success"]
    assert asked == [(None, frozenset()), ({"page": 2}, frozenset()), ({"page": 2}, {"t0000"})]
    assert shift.work() == []


def test_a_trigger_after_a_pause_waits_for_the_run_that_still_ends(shift: Shift) -> None:
    began: list[str] = []

    def stop_and_ask_again() -> None:
        shift.host.schedules.pause(*AT)
        shift.host.schedules.start(*AT)
        shift.host.schedules.trigger(*AT)
        began.extend(shift.work())

    meanwhile(shift, stop_and_ask_again)
    assert len(shift.work()) == 1
    assert began == []
    shift.toy.clock.sleep(5)
    assert shift.work() == ["success"]
    assert shift.work() == []
    assert shift.status()["status"] == "SUCCESS"


def test_a_paused_schedule_whose_run_waited_for_its_budget_does_not_call_itself_running(shift: Shift) -> None:
    shift.work()
    shift.host.store.database.write(lambda session: session.execute("UPDATE runs SET state = 'waiting'"))
    assert shift.status()["status"] == "RUNNING"
    shift.host.schedules.pause(*AT)
    assert (shift.status()["status"], shift.status()["latestExecutionStatus"]) == ("PAUSED", "STOPPED")


def test_another_declared_frequency_moves_the_next_slot_but_nothing_that_is_due(shift: Shift) -> None:
    shift.work()
    began = shift.toy.clock.now()
    again = shift.toy.open(shift.toy.declare(every="10m"))
    assert again.schedules.ensure_all() == 0
    shift.toy.clock.sleep(60)
    again.schedules.ensure_all()
    again.close()
    assert shift.worker.next_due() == began + 600
    assert shift.status()["frequency"] == "every hour"  # as this process declares it
    shift.toy.clock.sleep(600)
    shift.host.schedules.ensure_all()
    assert shift.work() == ["success"]
    assert shift.worker.next_due() == began + 3600


def test_a_variant_takes_its_errors_along(shift: Shift) -> None:
    shift.work()
    shift.host.schedules.create_variant(*AT, "acme", "things", "fast")

    def broken(run: Run) -> Iterable[Item]:
        raise RuntimeError(run)
        yield

    shift.toy.script = broken
    assert shift.work() == ["failed"]
    assert len(shift.host.health.errors("dev")) == 1
    shift.host.schedules.delete_variant(*AT, "acme", "things", "fast")
    assert shift.host.health.errors("dev") == {}


def test_no_frequency_is_so_long_that_its_slots_are_in_no_calendar(shift: Shift) -> None:
    shift.host.schedules.set_frequency(*AT, "acme", THINGS, "every 36500 days")
    assert shift.work() == ["success"]
    assert shift.status()["nextScheduledSyncAt"].startswith("21")
    with pytest.raises(InputError):
        shift.host.schedules.set_frequency(*AT, "acme", THINGS, "every 999999999d")


def test_a_run_whose_deletions_wait_for_a_yes_is_no_success_for_who_needs_it(shift: Shift) -> None:
    shift.toy.fill(30)
    shift.work()
    names = {"environment": "dev", "connection": 1, "sync": "things", "variant": "base"}
    shift.host.store.schedules.changes(names, "forget_sync")
    for number in range(20):
        del shift.toy.things[f"t{number:04}"]
    row = {"id": "x", "connection": 1, "sync": "others", "variant": "base", "state": "started", "waits_for": "things"}
    row |= {"every": 60.0, "frequency": None, "now": 0.0}
    shift.host.store.schedules.add("dev", [row])
    shift.host.schedules.trigger(*AT, [SyncName("things")])
    (due,) = shift.worker.take()
    report = shift.worker.run(due)
    assert isinstance(report, RunReport)
    assert report.state == "needs_confirmation"
    other = shift.host.store.schedules.find("dev", 1, "others", "base")
    assert other is not None
    assert other.waits_for == "things"
