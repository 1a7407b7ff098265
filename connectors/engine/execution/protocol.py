"""What the engine asks of whatever runs its work: six verbs, and the words for a job and its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Task:
    """Something that can be done again and again, with other things given."""

    name: str
    do: Callable[[Mapping[str, Any]], object]
    lane: str = "work"  # tasks of a lane share its threads; a lane that is full keeps no other waiting


@dataclass(frozen=True)
class Job:
    """One time of a task. What has to outlive a crash is in a table of ours: a job only says where to look."""

    task: str  # its name
    given: Mapping[str, Any]  # what JSON can hold
    key: str | None = None  # while a job of that key waits, another one is not queued


@dataclass(frozen=True)
class Duty:
    """Something that one process at a time does regularly."""

    name: str
    seconds: float  # from the end of one time to the begin of the next
    do: Callable[[], object]


class Execution(Protocol):
    """Runs jobs, in this process or in all that work on a store."""

    def trigger(self, jobs: Sequence[Job]) -> list[str | None]:
        """Queue jobs; the id of each, or None where one of its key waits already."""

    def cancel(self, id: str) -> bool:
        """Take back a job that waits; False if it does not any more.

        What runs ends by itself: a run of a sync is asked through its row.
        """

    def status(self, id: str) -> JobState | None:
        """Where a job is; None for one that is unknown, or ended so long ago that it is forgotten."""

    def every(self, duty: Duty) -> Callable[[], None]:
        """Do something regularly while `work` goes on; a call of what this returns has it done at once."""

    def work(self) -> None:
        """Run jobs and duties until `stop`."""

    def stop(self, *, at_most: float = 30.0) -> None:
        """Begin nothing more, ask what runs to end, and wait for that so many seconds."""
