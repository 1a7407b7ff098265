"""Syncs whose authors, or whose providers, do what nobody expects."""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime

import pytest

from connectors.authoring import Checkpoint, Gone, Seen, Skipped, StartOver
from connectors.errors import ForbiddenError, StoreBusy, UnknownConnection

GOOD = {"id": "good", "name": "n"}


@pytest.mark.parametrize(
    "value", [{"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"at": math.nan}, {1: 2}, [1, 2], None], ids=repr
)
def test_a_checkpoint_that_cannot_be_stored_loses_nothing_that_came_before_it(toy, value):
    toy.script = lambda run: [GOOD, Checkpoint(value)]
    report = toy.run()
    assert (report.state, report.error["code"]) == ("failed", "invalid_item")
    assert list(toy.stored()) == ["good"]


@pytest.mark.parametrize("reason", ["", None, ValueError("a list was cut off"), TimeoutError(), "\ud800", "x" * 10**6])
def test_whatever_reason_a_skip_has_nothing_is_deleted_by_absence(toy, reason):
    toy.fill(3)
    toy.run()
    toy.script = lambda run: [GOOD, Skipped(reason)]
    report = toy.run()
    assert (report.state, report.skipped, report.deleted) == ("success", 1, 0)
    assert len(toy.stored()) == 4
    assert len(report.notes[-1]) < 2000


@pytest.mark.parametrize("version", ["\ud800", "a\0b", "v" * 10**6])
def test_a_version_that_no_database_takes_is_compared_all_the_same(toy, version):
    toy.things = {"odd": {"id": "odd", "name": "n"}, "good": GOOD}

    def script(run):
        return run.refresh(list(toy.things.values()), lambda stub: toy.reads.append(stub) or stub, version=of)

    def of(stub):
        return version if stub["id"] == "odd" else 1

    toy.script = script
    assert toy.run().added == 2
    assert (toy.run().unchanged, toy.reads) == (2, [])
    length = toy.host.store.database.connection.execute("SELECT max(length(version)) FROM records").fetchone()[0]
    assert length < 2000


def test_an_id_of_five_thousand_digits_is_no_id(toy):
    toy.script = lambda run: [GOOD, {"id": 10**5000, "name": "n"}]
    assert toy.run().error["code"] == "invalid_item"
    assert list(toy.stored()) == ["good"]


def test_a_sync_may_go_on_after_a_refresh_that_failed(toy):
    def refuse(stub):
        raise ForbiddenError("no", status=422)

    def script(run):
        try:
            yield from run.refresh([{"id": "a"}], refuse, version=lambda stub: 1)
        except ForbiddenError:
            yield from run.refresh([{"id": "b"}], lambda stub: {**stub, "name": "n"}, version=lambda stub: 1)

    toy.script = script
    assert toy.run().state == "success"
    assert list(toy.stored()) == ["b"]


def test_a_sync_may_go_on_after_leaving_a_refresh_early(toy):
    def script(run):
        stubs = [{"id": str(number)} for number in range(9)]
        for item in run.refresh(stubs, lambda stub: {**stub, "name": "n"}, version=lambda stub: 1):
            yield item
            break
        yield GOOD

    toy.script = script
    assert toy.run().state == "success"
    assert sorted(toy.stored()) == ["0", "good"]


def test_a_sync_that_writes_what_it_reads_from_the_store_comes_to_an_end(toy):
    toy.fill(450)
    toy.run()

    def script(run):
        for number, stored in enumerate(run.records("Thing")):
            assert number < 450
            yield {**stored, "name": f"{stored['name']}!"}

    toy.script = script
    report = toy.run()
    assert (report.state, report.updated) == ("success", 450)


def test_what_came_before_a_start_over_is_saved(toy):
    told = []

    def script(run):
        told.append(run.checkpoint)
        if len(told) == 1:
            yield Gone("t0000")
            raise StartOver

    toy.fill(2)
    host = toy.open(toy.declare(deletes="explicit"))
    toy.run(host)
    toy.script = script
    report = toy.run(host)
    host.close()
    assert (report.state, report.deleted) == ("success", 1)
    assert list(toy.stored()) == ["t0001"]


def test_a_rejected_record_that_is_gone_is_not_listed_as_rejected_any_more(toy):
    host = toy.open(toy.declare(deletes="explicit"))
    toy.script = lambda run: [{"id": "bad"}, GOOD]
    assert toy.run(host).rejected == 1
    toy.script = lambda run: [Gone("bad"), Seen("good")]
    toy.run(host)
    host.close()
    stored = toy.host.connections.get("dev", "acme")
    stream = toy.host.store.records.stream("dev", stored.key, "Thing", "base")
    assert toy.host.store.records.rejects("dev", stream, 10) == []


def test_a_dry_run_counts_what_is_gone_once(toy):
    toy.fill(300)
    toy.run()
    gone = [f"t{number:04}" for number in range(100)]
    rest = [Seen(f"t{number:04}") for number in range(100, 300)]
    toy.script = lambda run: [*map(Gone, gone), *rest, *map(Gone, gone)]
    told = toy.run(dry_run=True)
    real = toy.run()
    assert (told.state, told.deleted, told.would_delete) == (real.state, real.deleted, real.would_delete)
    assert (real.state, real.deleted) == ("success", 100)


def test_a_dry_run_counts_what_an_unfinished_pass_counted_already_not_again(toy):
    toy.fill(5)
    toy.run(limit=2)
    told = toy.run(dry_run=True)
    real = toy.run()
    assert (told.added, told.unchanged) == (real.added, real.unchanged) == (3, 0)


def test_a_connection_that_is_deleted_as_its_run_begins_is_an_unknown_one(toy):
    begin = toy.host.store.passes.begin

    def deleted_first(*arguments, **options):
        toy.host.connections.delete("dev", "acme")
        return begin(*arguments, **options)

    toy.host.store.passes.begin = deleted_first
    with pytest.raises(UnknownConnection):
        toy.run()


def test_a_run_whose_store_goes_away_is_reported_and_its_row_is_closed_by_the_next_one(toy):
    write = toy.host.store.database.write

    def busy(work):
        raise StoreBusy("another process holds it")

    def script(run):
        toy.host.store.database.write = busy
        yield GOOD

    toy.script = script
    report = toy.run()
    assert (report.state, report.error["code"]) == ("failed", "store_busy")
    toy.host.store.database.write = write
    toy.set("CONNECTORS_TAKE_OVER", "0.01")
    time.sleep(0.02)
    toy.script = lambda run: [GOOD]
    assert toy.run().added == 1
    assert [run["state"] for run in toy.host.store.runs.list("dev")] == ["success", "interrupted"]


def test_a_thousand_refreshes_keep_no_database_connections_open(toy):
    def read(stub):
        toy.host.store.database.connection.execute("SELECT 1")  # as the shared budgets do
        return {**stub, "name": "n"}

    def script(run):
        for number in range(100):
            yield from run.refresh([{"id": f"{number}-{each}"} for each in range(4)], read, version=lambda stub: 1)

    toy.script = script
    assert toy.run().added == 400
    database = toy.host.store.database
    opened = database._pool.get_stats()["pool_size"] if toy.database_url else len(database._opened)
    assert opened < 20


def test_threads_that_start_threads_stop_together(toy):
    from connectors.engine.cancellation import StoppableClock
    from connectors.errors import RunStopped

    clock = StoppableClock(toy.clock)
    outer = clock.readers()
    heard = []

    def inner_thread(readers):
        clock.join(readers)
        try:
            clock.check()
        except RunStopped:
            heard.append("inner")

    def outer_thread():
        clock.join(outer)
        readers = clock.readers()
        outer.stop()
        inner = threading.Thread(target=inner_thread, args=(readers,))
        inner.start()
        inner.join()

    thread = threading.Thread(target=outer_thread)
    thread.start()
    thread.join()
    assert heard == ["inner"]
    clock.check()  # the run itself goes on
