"""Execution: jobs are run once, in lanes; duties by one process. The same for both kinds."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from connectors.engine.execution import Duty, Execution, Job, JobState, Task
from connectors.engine.execution.embedded import Embedded
from connectors.errors import ConnectorError

THREADS = {"slow": 2, "quick": 1}


class Bench:
    """Tasks that note what they were given, over one kind of execution. Several share a database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.done: list[Any] = []
        self.release = threading.Event()
        self.begun = threading.Semaphore(0)
        self.running, self.most = 0, 0
        self._lock = threading.Lock()
        self._opened: list[tuple[Execution, threading.Thread | None, Any]] = []

    def open(self) -> Execution:
        tasks = [Task("hold", self._hold, "slow"), Task("note", self._note, "quick"), Task("fail", self._fail, "quick")]
        stopping = threading.Event()
        if not self.url:
            made: Execution = Embedded(tasks, threads=THREADS, stopping=stopping)
            self._opened.append((made, None, None))
            return made
        from connectors.engine.execution.procrastinate import Procrastinate
        from connectors.engine.store.postgres import PostgresDatabase

        database = PostgresDatabase(self.url)
        times = {"heartbeat": 0.2, "take_over": 1.0}
        made = Procrastinate(database, tasks, threads=THREADS, stopping=stopping, **times)
        self._opened.append((made, None, database))
        return made

    def work(self, execution: Execution) -> None:
        thread = threading.Thread(target=execution.work)
        thread.start()
        self._opened = [(each, thread if each is execution else old, db) for each, old, db in self._opened]

    def close(self) -> None:
        self.release.set()
        for execution, thread, database in self._opened:
            execution.stop(at_most=10)
            if thread is not None:
                thread.join(20)
                assert not thread.is_alive()
            if database is not None:
                database.close()

    def _hold(self, given: Mapping[str, Any]) -> None:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.begun.release()
        self.release.wait(30)
        with self._lock:
            self.running -= 1
        self.done.append(given["n"])

    def _note(self, given: Mapping[str, Any]) -> None:
        self.done.append(given["n"])

    def _fail(self, given: Mapping[str, Any]) -> None:
        raise ValueError("it cannot be done")


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = Bench(database_url)
    yield made
    made.close()


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_job_is_run_once(bench: Bench) -> None:
    execution = bench.open()
    bench.work(execution)
    ids = execution.trigger([Job("note", {"n": number}) for number in range(50)])
    assert len(set(ids)) == 50
    until(lambda: len(bench.done) == 50)
    assert sorted(bench.done) == list(range(50))


def test_a_lane_runs_as_many_at_a_time_as_it_has_threads_and_keeps_no_other_waiting(bench: Bench) -> None:
    execution = bench.open()
    bench.work(execution)
    execution.trigger([Job("hold", {"n": number}) for number in range(4)])
    for _ in range(2):
        assert bench.begun.acquire(timeout=20)
    execution.trigger([Job("note", {"n": "quick"})])
    until(lambda: bench.done == ["quick"])
    bench.release.set()
    until(lambda: len(bench.done) == 5)
    assert bench.most == 2


def test_while_a_job_of_a_key_waits_another_is_not_queued_and_while_it_runs_one_is(bench: Bench) -> None:
    execution = bench.open()
    bench.work(execution)
    execution.trigger([Job("hold", {"n": "a"}, key="k1"), Job("hold", {"n": "b"}, key="k2")])
    for _ in range(2):
        assert bench.begun.acquire(timeout=20)
    first, second, other = execution.trigger(
        [Job("hold", {"n": "c"}, key="k1"), Job("hold", {"n": "d"}, key="k1"), Job("hold", {"n": "e"}, key="k3")]
    )
    assert first is not None
    assert second is None
    assert other is not None
    assert execution.trigger([Job("hold", {"n": "f"}, key="k3")]) == [None]
    bench.release.set()
    until(lambda: len(bench.done) == 4)
    assert sorted(bench.done) == ["a", "b", "c", "e"]


def test_a_job_that_waits_can_be_cancelled_and_one_that_runs_cannot(bench: Bench) -> None:
    execution = bench.open()
    bench.work(execution)
    ids = execution.trigger([Job("hold", {"n": number}) for number in range(2)])
    for _ in range(2):
        assert bench.begun.acquire(timeout=20)
    (waiting,) = execution.trigger([Job("hold", {"n": "never"}, key="k")])
    assert waiting is not None
    assert ids[0] is not None
    assert execution.status(waiting) is JobState.WAITING
    assert execution.status(ids[0]) is JobState.RUNNING
    assert execution.cancel(waiting)
    assert not execution.cancel(ids[0])
    assert execution.status(waiting) is JobState.CANCELLED
    assert execution.trigger([Job("hold", {"n": "after"}, key="k")]) != [None]
    bench.release.set()
    until(lambda: len(bench.done) == 3)
    assert "never" not in bench.done


def test_a_job_that_fails_keeps_no_other_from_running(bench: Bench) -> None:
    execution = bench.open()
    bench.work(execution)
    execution.trigger([Job("fail", {}), Job("note", {"n": 1})])
    until(lambda: bench.done == [1])


def test_an_unknown_job_has_no_state(bench: Bench) -> None:
    execution = bench.open()
    assert execution.status("999999") is None
    assert execution.status("no number") is None
    assert not execution.cancel("999999")


def test_a_duty_is_done_regularly_at_once_when_asked_and_again_after_it_failed(bench: Bench) -> None:
    execution = bench.open()
    times: list[float] = []

    def tick() -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise RuntimeError("the first time")

    wake = execution.every(Duty("tick", 0.1, tick))
    rare = Counter[str]()
    wake_rare = execution.every(Duty("rare", 1000, lambda: rare.update(["done"])))
    bench.work(execution)
    until(lambda: len(times) >= 3 and rare["done"] == 1)
    wake()
    wake_rare()
    until(lambda: rare["done"] == 2)


def test_what_was_triggered_before_anybody_worked_is_run(bench: Bench) -> None:
    execution = bench.open()
    execution.trigger([Job("note", {"n": 1})])
    bench.work(execution)
    until(lambda: bench.done == [1])


def test_duties_are_done_by_one_process_and_by_the_other_when_it_stops(postgres_url: str) -> None:
    bench = Bench(postgres_url)
    first, second = bench.open(), bench.open()
    told: list[str] = []
    try:
        first.every(Duty("tick", 0.05, lambda: told.append("first")))
        second.every(Duty("tick", 0.05, lambda: told.append("second")))
        bench.work(first)
        until(lambda: len(told) > 3)
        bench.work(second)
        time.sleep(0.5)
        assert set(told) == {"first"}
        first.stop(at_most=5)
        until(lambda: told[-1] == "second")
    finally:
        bench.close()


def test_two_workers_share_the_jobs_and_none_is_run_twice(postgres_url: str) -> None:
    bench = Bench(postgres_url)
    try:
        for execution in (bench.open(), bench.open()):
            bench.work(execution)
        execution.trigger([Job("note", {"n": number}, key=f"n{number}") for number in range(200)])
        until(lambda: len(bench.done) >= 200)
        time.sleep(0.2)
        assert sorted(bench.done) == list(range(200))
    finally:
        bench.close()


def test_a_worker_whose_database_was_away_goes_on_when_it_is_back(postgres_url: str) -> None:
    import psycopg

    bench = Bench(postgres_url)
    try:
        execution = bench.open()
        bench.work(execution)
        execution.trigger([Job("note", {"n": 1})])
        until(lambda: bench.done == [1])
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        time.sleep(0.2)
        until(lambda: _triggered(execution, Job("note", {"n": 2})))
        until(lambda: 2 in bench.done)
    finally:
        bench.close()


def _triggered(execution: Execution, job: Job) -> bool:
    try:
        return execution.trigger([job]) != [None]
    except ConnectorError:
        return False
