"""Execution in this process: a pool of threads per lane. Nothing waits here that a table does not know as well."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from connectors.engine.execution.duties import Duties
from connectors.engine.execution.protocol import Duty, Job, JobState, Task

_REMEMBERED = 1000  # jobs that have ended
_log = logging.getLogger(__name__)


@dataclass
class _Entry:
    """A job and where it is."""

    job: Job
    state: JobState = JobState.WAITING
    future: Future[None] | None = None


class Embedded:
    """`Execution` over threads. `stopping` is set when all that runs should end."""

    def __init__(self, tasks: Sequence[Task], *, threads: Mapping[str, int], stopping: threading.Event) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._lanes = {
            task.lane: ThreadPoolExecutor(threads[task.lane], thread_name_prefix=task.lane) for task in tasks
        }
        self._stopping = stopping
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._waiting: set[str] = set()  # keys of jobs that wait
        self._numbers = itertools.count(1)
        self._duties = Duties(lambda: True)

    def trigger(self, jobs: Sequence[Job]) -> list[str | None]:
        """Queue jobs in their lanes."""
        return [self._trigger(job) for job in jobs]

    def cancel(self, id: str) -> bool:
        """Take back a job that waits."""
        with self._lock:
            entry = self._entries.get(id)
            if entry is None or entry.future is None or not entry.future.cancel():
                return False
            self._ended(entry, JobState.CANCELLED)
            return True

    def status(self, id: str) -> JobState | None:
        """Where a job is."""
        with self._lock:
            entry = self._entries.get(id)
            return None if entry is None else entry.state

    def every(self, duty: Duty) -> Callable[[], None]:
        """Do something regularly."""
        return self._duties.add(duty)

    def work(self) -> None:
        """Do the duties until `stop`; jobs run as soon as they are triggered."""
        self._duties.start()
        self._stopping.wait()

    def stop(self, *, at_most: float = 30.0) -> None:
        """Drop what waits, and wait for what runs."""
        self._stopping.set()
        self._duties.stop(at_most)
        with self._lock:
            running = [entry.future for entry in self._entries.values() if entry.future is not None]
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
        wait(running, timeout=at_most)

    def _trigger(self, job: Job) -> str | None:
        lane = self._lanes[self._tasks[job.task].lane]
        with self._lock:
            if self._stopping.is_set() or (job.key is not None and job.key in self._waiting):
                return None
            id_, entry = str(next(self._numbers)), _Entry(job)
            if job.key is not None:
                self._waiting.add(job.key)
            self._entries[id_] = entry
            self._forget()
            entry.future = lane.submit(self._run, entry)
        return id_

    def _run(self, entry: _Entry) -> None:
        with self._lock:
            entry.state = JobState.RUNNING
            self._waiting.discard(entry.job.key or "")
        try:
            self._tasks[entry.job.task].do(entry.job.given)
        except Exception:  # noqa: BLE001 - a job may raise anything, and its thread is needed for the next
            _log.exception("%s", entry.job.task)
            ended = JobState.FAILED
        else:
            ended = JobState.DONE
        with self._lock:
            self._ended(entry, ended)

    def _ended(self, entry: _Entry, state: JobState) -> None:
        if entry.state is JobState.WAITING:
            self._waiting.discard(entry.job.key or "")
        entry.state, entry.future = state, None

    def _forget(self) -> None:
        """The oldest ended jobs, when there are many."""
        while len(self._entries) > _REMEMBERED:
            oldest = next(iter(self._entries))
            if self._entries[oldest].future is not None:
                return
            del self._entries[oldest]
