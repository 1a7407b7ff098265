"""Execution over PostgreSQL: jobs are rows of procrastinate, any number of workers share them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import procrastinate
from procrastinate import exceptions, jobs
from procrastinate.schema import SchemaManager

from connectors.engine.execution.duties import Duties
from connectors.engine.execution.protocol import Duty, Job, JobState, Task
from connectors.engine.store.postgres import PostgresDatabase, first_line

_LEADER = "execution"  # the lock of whoever does the duties
_SCHEMA = "procrastinate's schema"
_AGAIN = 2.0  # seconds until a worker whose database was away tries again
_POLL = 5.0  # seconds; new jobs are notified, this is for those whose notification was lost
_STATES = {
    jobs.Status.TODO: JobState.WAITING,
    jobs.Status.DOING: JobState.RUNNING,
    jobs.Status.SUCCEEDED: JobState.DONE,
    jobs.Status.FAILED: JobState.FAILED,
    jobs.Status.CANCELLED: JobState.CANCELLED,
    jobs.Status.ABORTING: JobState.RUNNING,
    jobs.Status.ABORTED: JobState.CANCELLED,
}
_WAITING = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(?::text[])"
_log = logging.getLogger(__name__)


class Procrastinate:
    """`Execution` over a PostgreSQL store. `stopping` is set when all that runs should end.

    Duties are done by one process of all: whoever holds a lock that the server takes back at its death.
    (procrastinate's own periodic tasks would write a row each time.) A job whose worker died is
    dropped after `take_over` seconds: our tables say what has to be done again.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        tasks: Sequence[Task],
        *,
        threads: Mapping[str, int],
        stopping: threading.Event,
        heartbeat: float,
        take_over: float,
    ) -> None:
        self._database = database
        self._tasks = {task.name: task for task in tasks}
        self._threads = threads
        self._stopping = stopping
        self._heartbeat = heartbeat
        self._take_over = take_over
        self._leader, self._asking = database.lock(_LEADER), threading.Lock()
        self._duties = Duties(self._leads)
        self._ended = threading.Event()
        self._ended.set()
        self._most: float = 30.0  # seconds that running jobs have to end
        _make_schema(database)
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=database.url, max_size=4))
        self._app.open()

    def trigger(self, jobs: Sequence[Job]) -> list[str | None]:
        """Queue jobs, in one statement unless somebody queues the same at this moment."""
        with self._database.errors():
            wanted = [job.key for job in jobs if job.key is not None]
            rows = self._database.connection.execute(_WAITING, [wanted]).fetchall() if wanted else []
            waiting: set[str | None] = {row[0] for row in rows}
            new: list[Job] = []
            for job in jobs:
                if job.key is None or job.key not in waiting:
                    new.append(job)
                    waiting.add(job.key)
            try:
                ids = iter(self._defer(new))
            except exceptions.AlreadyEnqueued:
                return [self._defer_one(job) for job in jobs]
            fresh = {id(job) for job in new}
            return [next(ids) if id(job) in fresh else None for job in jobs]

    def cancel(self, id: str) -> bool:
        """Take back a job that waits."""
        with self._database.errors():
            return self._app.job_manager.cancel_job_by_id(int(id))

    def status(self, id: str) -> JobState | None:
        """Where a job is; jobs that succeeded are forgotten at once."""
        with self._database.errors(), suppress(exceptions.NoResult, ValueError):
            return _STATES[self._app.job_manager.get_job_status(int(id))]
        return None

    def every(self, duty: Duty) -> Callable[[], None]:
        """Do something regularly, in one of the processes that work."""
        return self._duties.add(duty)

    def work(self) -> None:
        """Run jobs and duties until `stop`."""
        self._ended.clear()
        try:
            self._duties.start()
            while not self._stopping.is_set():
                try:
                    asyncio.run(self._work())
                except Exception as error:  # noqa: BLE001 - a database that was away may come back
                    _log.warning("no jobs can be fetched: %s: %s", type(error).__name__, first_line(error))
                    self._stopping.wait(_AGAIN)
        finally:
            self._ended.set()

    def stop(self, *, at_most: float = 30.0) -> None:
        """Begin nothing more, and wait for what runs."""
        self._most = at_most
        self._stopping.set()
        self._duties.stop(at_most)
        self._ended.wait(at_most + self._heartbeat)
        self._leader.release()
        self._app.close()

    def _defer(self, jobs: Sequence[Job]) -> list[str]:
        made = [
            self._app.configure_task(job.task, queue=self._tasks[job.task].lane, queueing_lock=job.key).make_new_job(
                given=dict(job.given)
            )
            for job in jobs
        ]
        return [str(job.id) for job in self._app.job_manager.batch_defer_jobs(made)] if made else []

    def _defer_one(self, job: Job) -> str | None:
        with suppress(exceptions.AlreadyEnqueued):
            return self._defer([job])[0]
        return None

    def _leads(self) -> bool:
        """Whether this process does the duties; it becomes the one as soon as nobody is."""
        with self._asking:
            return self._leader.is_mine() or self._leader.acquire()

    async def _work(self) -> None:
        """One worker of procrastinate per lane, over threads of our own number."""
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self._database.url, max_size=6))
        for task in self._tasks.values():
            app.task(name=task.name, queue=task.lane)(_called(task))
        lanes = {task.lane for task in self._tasks.values()}
        pool = ThreadPoolExecutor(sum(self._threads[lane] for lane in lanes) + 2, thread_name_prefix="job")
        loop = asyncio.get_running_loop()
        loop.set_default_executor(pool)
        async with app.open_async():
            running = [asyncio.create_task(self._lane(app, lane)) for lane in lanes]
            running.append(asyncio.create_task(self._drop_jobs_of_the_dead(app)))
            stopped = asyncio.create_task(self._until_stopped())
            await asyncio.wait([*running, stopped], return_when=asyncio.FIRST_COMPLETED)
            for each in (*running, stopped):
                each.cancel()
            for outcome in await asyncio.gather(*running, stopped, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def _lane(self, app: procrastinate.App, lane: str) -> None:
        await app.run_worker_async(
            queues=[lane],
            name=lane,
            concurrency=self._threads[lane],
            install_signal_handlers=False,
            fetch_job_polling_interval=_POLL,
            abort_job_polling_interval=_POLL,
            shutdown_graceful_timeout=self._most,
            delete_jobs="always",
            update_heartbeat_interval=self._heartbeat,
            stalled_worker_timeout=self._take_over,
        )

    async def _until_stopped(self) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(0.1)

    async def _drop_jobs_of_the_dead(self, app: procrastinate.App) -> None:
        while True:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._take_over):
                _log.warning("the worker of a job died: %s %s", job.task_name, job.task_kwargs)
                await app.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
            await asyncio.sleep(self._take_over / 2)


def _called(task: Task) -> Callable[..., None]:
    """The task as procrastinate calls it; what it raises is in the log, and the job has failed."""

    def call(given: Mapping[str, Any]) -> None:
        task.do(given)

    return call


def _make_schema(database: PostgresDatabase) -> None:
    def work(session: Any) -> None:
        session.execute("SELECT pg_advisory_xact_lock(hashtext(?))", [_SCHEMA])
        if session.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()[0] is None:
            session.script(SchemaManager.get_schema())

    database.write(work)
