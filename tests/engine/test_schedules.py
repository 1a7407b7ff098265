"""Schedules: what becomes due when, and what the commands over them do."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.authoring import Checkpoint, Item, Record, Run, sync
from connectors.engine.due import CLAIM, Worker
from connectors.engine.host import Host
from connectors.engine.schedules import SyncName
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.errors import InputError, UnknownConnection, UnknownFunction, UnknownIntegration
from connectors.registry import Connector, Found, Registry
from tests.engine.conftest import DEFINITION, SCHEMA, Toy

THINGS = SyncName("things")
AT = ("dev", "toy")


class Shift:
    """A toy account with its worker."""

    def __init__(self, toy: Toy) -> None:
        self.toy, self.host = toy, toy.host
        self.worker = Worker(toy.host)

    def work(self) -> list[str]:
        """Run all that is due; the states they ended in."""
        reports = [self.worker.run(due) for due in self.worker.take()]
        return [report.state for report in reports if report is not None]

    def status(self, name: str = "things", variant: str = "base") -> dict[str, Any]:
        (item,) = self.host.schedules.status(*AT, [SyncName(name, variant)], "acme")
        return item

    def runs(self) -> list[dict[str, Any]]:
        return self.host.store.runs.list("dev", limit=100)


@pytest.fixture
def shift(toy: Toy) -> Shift:
    toy.fill(3)
    return Shift(toy)


def test_a_connection_gets_its_schedules_started_and_due_at_once(shift: Shift) -> None:
    assert shift.status()["status"] == "SUCCESS"
    assert "finishedAt" not in shift.status()
    assert "latestResult" not in shift.status()
    assert shift.status()["latestExecutionStatus"] is None
    assert shift.work() == ["success"]
    assert shift.status()["latestResult"] == {"Thing": {"added": 3, "updated": 0, "deleted": 0}}
    assert shift.status()["recordCount"] == {"Thing": 3}
    assert shift.work() == []


def test_connecting_again_keeps_the_schedule(shift: Shift) -> None:
    before = shift.status()["id"]
    shift.host.connections.connect("dev", provider="toy", id="acme", config={}, credentials={}, verify=False)
    assert shift.status()["id"] == before


def test_slots_missed_meanwhile_are_dropped(shift: Shift) -> None:
    shift.work()
    shift.toy.clock.sleep(3600 * 5.5)
    assert shift.work() == ["success"]
    assert shift.work() == []
    shift.toy.clock.sleep(1799)
    assert shift.work() == []
    shift.toy.clock.sleep(2)
    assert shift.work() == ["success"]


def test_a_trigger_runs_now_and_a_second_one_is_dropped(shift: Shift) -> None:
    shift.work()
    assert shift.host.schedules.trigger(*AT, [THINGS], "acme") == 1
    assert shift.host.schedules.trigger(*AT, [THINGS], "acme") == 0
    assert shift.work() == ["success"]
    assert shift.work() == []
    assert [run["trigger"] for run in shift.runs()] == ["trigger", "schedule"]


def test_a_trigger_while_it_runs_is_dropped(shift: Shift) -> None:
    (due,) = shift.worker.take()
    assert shift.host.schedules.trigger(*AT, (), None) == 0
    shift.worker.run(due)
    assert shift.work() == []


def test_a_trigger_runs_a_paused_schedule_that_stays_paused(shift: Shift) -> None:
    shift.work()
    shift.host.schedules.pause(*AT, [THINGS], "acme")
    shift.toy.clock.sleep(7200)
    assert shift.work() == []
    assert shift.status()["nextScheduledSyncAt"] is None
    shift.host.schedules.trigger(*AT, [THINGS], "acme")
    assert shift.work() == ["success"]
    assert shift.status()["status"] == "PAUSED"
    assert shift.work() == []


def test_start_waits_for_the_next_slot_unless_nothing_ever_ran(shift: Shift) -> None:
    shift.host.schedules.pause(*AT)
    shift.host.schedules.pause(*AT)
    shift.toy.clock.sleep(100)
    assert shift.work() == []
    shift.host.schedules.start(*AT)
    assert shift.work() == ["success"]
    shift.host.schedules.pause(*AT)
    shift.toy.clock.sleep(4000)
    shift.host.schedules.start(*AT)
    assert shift.work() == []
    shift.toy.clock.sleep(3600)
    assert shift.work() == ["success"]


def test_pause_cancels_the_run_that_goes_on_at_its_next_record(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.engine.watch.BETWEEN_LOOKS", 0.01)
    going, paused = threading.Event(), threading.Event()

    def script(run: Run) -> Iterable[Item]:
        yield Record({"id": "one", "name": "One"})
        going.set()
        paused.wait(5)
        for number in range(10_000):
            threading.Event().wait(0.005)
            yield Record({"id": f"n{number}", "name": "N"})

    shift.toy.script = script
    states: list[str] = []
    thread = threading.Thread(target=lambda: states.extend(shift.work()))
    thread.start()
    going.wait(5)
    assert shift.status()["status"] == "RUNNING"
    shift.host.schedules.pause(*AT, [THINGS], "acme")
    assert shift.status()["status"] == "PAUSED", "at once, although the run ends only at its next record"
    paused.set()
    thread.join(20)
    assert states == ["interrupted"]
    assert shift.status()["status"] == "PAUSED"
    assert shift.status()["latestExecutionStatus"] == "STOPPED"
    assert "one" in shift.toy.stored()
    shift.host.schedules.start(*AT)
    assert shift.status()["status"] == "ERROR"


def test_what_is_asked_for_while_a_run_stops_is_told_as_running_until_it_has_run(shift: Shift) -> None:
    going, on = threading.Event(), threading.Event()

    def script(run: Any) -> Iterator[Any]:
        again = going.is_set()
        going.set()
        on.wait(5)
        for number in range(0 if again else 10_000):
            threading.Event().wait(0.005)
            yield Record({"id": f"n{number}", "name": "N"})

    shift.toy.script = script
    thread = threading.Thread(target=shift.work)
    thread.start()
    going.wait(5)
    shift.host.schedules.pause(*AT, [THINGS], "acme")
    shift.toy.clock.sleep(1)
    shift.host.schedules.trigger(*AT, [THINGS], "acme")
    assert shift.status()["status"] == "RUNNING"
    on.set()
    thread.join(20)
    stopped = shift.status()
    assert (stopped["status"], stopped["latestExecutionStatus"]) == ("RUNNING", "STOPPED")
    assert "finishedAt" not in stopped, "or whoever waits for the new run's end would take this for it"
    shift.toy.clock.sleep(10)
    shift.work()
    assert (shift.status()["status"], shift.status()["latestExecutionStatus"]) == ("PAUSED", "SUCCESS")
    assert "finishedAt" in shift.status()


def test_a_pause_between_taking_and_running_wins(shift: Shift) -> None:
    (due,) = shift.worker.take()
    shift.host.schedules.pause(*AT)
    assert shift.worker.run(due) is None
    assert shift.runs() == []


def test_a_failed_run_is_an_error_and_the_next_slot_comes(shift: Shift) -> None:
    shift.toy.script = lambda run: 1 / 0  # type: ignore[return-value]
    assert shift.work() == ["failed"]
    assert shift.status()["status"] == "ERROR"
    assert shift.work() == []
    shift.toy.script = shift.toy.listing
    shift.toy.clock.sleep(3601)
    assert shift.work() == ["success"]
    assert shift.status()["status"] == "SUCCESS"


def test_reset_forgets_the_checkpoint_and_empty_cache_the_records(shift: Shift) -> None:
    seen: list[Any] = []

    def script(run: Run) -> Iterable[Item]:
        seen.append(run.checkpoint)
        yield Record({"id": "one", "name": "One"})
        yield Checkpoint({"at": len(seen)})

    shift.toy.script = script
    shift.work()
    old = [record.cursor for record in _records(shift)]
    shift.host.schedules.trigger(*AT, reset=False, empty_cache=True)
    shift.work()
    assert [record.cursor for record in _records(shift)] == old  # nothing without reset
    shift.host.schedules.trigger(*AT, reset=True)
    shift.work()
    assert seen == [None, {"at": 1}, None]
    shift.toy.clock.sleep(10)
    shift.host.schedules.trigger(*AT, reset=True, empty_cache=True)
    assert shift.work() == ["success"]
    (record,) = _records(shift)
    assert record.last_action == "ADDED"
    assert record.first_seen_at == shift.toy.clock.now()
    assert [record.id for record in _records(shift, old[0])] == ["one"]  # a consumer is told of it


def _records(shift: Shift, cursor: str | None = None) -> list[Any]:
    from connectors.engine.records import read_records

    return list(read_records(shift.host, "dev", "acme", "Thing", cursor=cursor))


def test_a_frequency_of_one_connection_goes_before_the_declared_one(shift: Shift) -> None:
    shift.work()
    assert shift.status()["frequency"] == "every hour"
    assert shift.host.schedules.set_frequency(*AT, "acme", THINGS, "every 2 hours") == "2 hours"
    assert shift.status()["frequency"] == "every 2 hours"
    shift.toy.clock.sleep(3601)
    assert shift.work() == []
    shift.toy.clock.sleep(3600)
    assert shift.work() == ["success"]
    assert shift.host.schedules.set_frequency(*AT, "acme", THINGS, None) == "every hour"
    with pytest.raises(InputError):
        shift.host.schedules.set_frequency(*AT, "acme", THINGS, "every 5 seconds")


def test_a_variant_has_a_schedule_and_records_of_its_own(shift: Shift) -> None:
    shift.work()
    made = shift.host.schedules.create_variant(*AT, "acme", "things", "fast")
    assert made["name"] == "things"
    assert shift.work() == ["success"]
    assert shift.status(variant="fast")["recordCount"] == {"Thing": 3}
    for variant, code in (("fast", "sync_variant_already_exists"), ("base", "invalid_variant")):
        with pytest.raises(InputError) as refused:
            shift.host.schedules.create_variant(*AT, "acme", "things", variant)
        assert refused.value.facts["reference_code"] == code
    shift.host.schedules.delete_variant(*AT, "acme", "things", "fast")
    assert [item["variant"] for item in shift.host.schedules.status(*AT)] == ["base"]
    with pytest.raises(UnknownFunction):
        shift.host.schedules.delete_variant(*AT, "acme", "things", "fast")


def test_names_that_are_not_there_are_told_apart(shift: Shift) -> None:
    with pytest.raises(UnknownIntegration):
        shift.host.schedules.trigger("dev", "nothing")
    with pytest.raises(UnknownIntegration):
        shift.host.schedules.trigger("other", "toy")
    with pytest.raises(UnknownConnection):
        shift.host.schedules.pause(*AT, (), "nobody")
    with pytest.raises(UnknownFunction):
        shift.host.schedules.start(*AT, [SyncName("strange")], "acme")
    assert shift.host.schedules.status(*AT, [SyncName("strange")], "acme") == []


def test_a_dead_workers_claim_is_taken_over(shift: Shift) -> None:
    shift.worker.take()
    other = Worker(shift.host)
    shift.toy.clock.sleep(CLAIM - 1)
    assert shift.worker.keep() == 1
    shift.toy.clock.sleep(CLAIM - 1)
    assert other.take() == []
    shift.toy.clock.sleep(2)
    assert len(other.take()) == 1


def test_a_shutdown_gives_back_what_was_not_run(shift: Shift) -> None:
    shift.worker.take()
    assert shift.worker.release() == 1
    assert len(Worker(shift.host).take()) == 1


def test_deleting_a_connection_removes_its_schedules(shift: Shift) -> None:
    shift.host.connections.delete("dev", "acme")
    assert shift.work() == []
    assert shift.host.schedules.status(*AT) == []


def test_deleting_a_connection_stops_its_run_and_waits_for_it(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.engine.watch.BETWEEN_LOOKS", 0.01)
    going = threading.Event()

    def script(run: Run) -> Iterable[Item]:
        for number in range(10_000):
            yield Record({"id": f"n{number}", "name": "N"})
            going.set()
            threading.Event().wait(0.005)

    shift.toy.script = script
    states: list[str] = []
    thread = threading.Thread(target=lambda: states.extend(shift.work()))
    thread.start()
    going.wait(5)
    shift.host.connections.delete("dev", "acme", patience=5.0)
    thread.join(20)
    assert states == ["interrupted"]
    assert shift.host.connections.list("dev") == []
    assert shift.host.schedules.status(*AT) == []


def test_a_sync_that_needs_another_waits_for_its_first_success(tmp_path: Path, database_url: str) -> None:
    order: list[str] = []
    failing = [True]

    @sync("Base", every="1h")
    def bases(run: Run) -> Iterator[Item]:
        order.append("bases")
        if failing.pop() if failing else False:
            raise RuntimeError("not yet")
        yield Record({"id": "1", "name": "B"})

    @sync("Top", every="1h", needs="bases")
    def tops(run: Run) -> Iterator[Item]:
        order.append("tops")
        yield Record({"id": "1", "name": "T"})

    @sync("Calm", every="1h", auto_start=False)
    def calm(run: Run) -> Iterator[Item]:
        order.append("calm")
        yield Record({"id": "1", "name": "C"})

    shift = Shift(_three(tmp_path, database_url, bases, tops, calm))
    assert shift.work() == ["failed"]
    shift.toy.clock.sleep(3601)
    assert shift.work() == ["success"]
    assert shift.work() == ["success"]
    assert order == ["bases", "bases", "tops"]
    shift.host.schedules.trigger(*AT, [SyncName("tops"), SyncName("bases")], reset=True)
    order.clear()
    for _ in range(4):
        shift.work()
    # Both are due at once: tops may go first, since bases has succeeded until its own run forgets that.
    assert order in (["bases", "tops"], ["tops", "bases"], ["tops", "bases", "tops"])
    assert {run["state"] for run in shift.runs() if run["sync"] == "tops"} == {"success"}
    assert shift.host.health.errors("dev") == {}
    assert shift.status("calm")["status"] == "PAUSED"
    shift.host.schedules.start(*AT, [SyncName("calm")])
    assert shift.work() == ["success"]
    shift.host.close()


def _three(folder: Path, database_url: str, *functions: Any) -> Toy:
    import json

    class Account(Toy):
        def open(self, declared: Any = None) -> Host:
            for name in ("Base", "Top", "Calm"):
                (self.folder / "schemas" / "toy" / f"{name}.json").write_text(json.dumps(SCHEMA))
            settings = Settings.load({"DATABASE_URL": self.database_url}, home=self.folder / "home")
            (self.folder / "providers.yaml").write_text(DEFINITION)
            connector = Connector(functions=functions)
            registry = Registry([Found("toy", connector, self.folder / "providers.yaml", self.folder / "schemas")])
            host = Host(
                settings, Store(settings.database), Vault([b"k" * 32]), registry, registry.catalog(), self.clock
            )
            host.connections.connect("dev", provider="toy", id="acme", config={}, credentials={}, verify=False)
            return host

    return Account(folder, database_url)
