"""What a run tells: while it goes on, and when it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from connectors.engine.store.batch import Counts
from connectors.runtime.ports import Waiting

if TYPE_CHECKING:
    from connectors.engine.store.schedules import Due


@dataclass(frozen=True)
class RunOptions:
    """How a sync is run."""

    variant: str = "base"
    full: bool = False  # forget checkpoint and versions: list everything and read everything again
    dry_run: bool = False  # read the store, write nothing
    limit: int | None = None  # stop after so many records
    validate: bool = False  # a record that breaks its schema ends the run
    trigger: str = "library"  # what started it, for the history: command, library, schedule, trigger, event
    reset: bool = False  # forget checkpoint, seen ids and successes, as if the sync had never run
    empty: bool = False  # and, with reset, its records
    targeted: bool = False  # an event asked for the run: it reads the wanted ids if the sync looks at `run.only`
    only: frozenset[str] = frozenset()  # those ids; empty: everything
    claim: Due | None = None  # what was taken from the schedules to be run


@dataclass
class RunReport:
    """How a run went."""

    connection: str
    sync: str
    model: str
    variant: str
    dry_run: bool
    id: int | None = None  # number of the run; None for a dry run
    state: str = "running"  # success, limited, failed, interrupted, needs_confirmation or waiting
    counts: Counts = field(default_factory=Counts)
    would_delete: int = 0  # deletions held back, or of a dry run
    examples: list[str] = field(default_factory=list)  # ids of a few of them
    preview: list[dict[str, Any]] = field(default_factory=list)  # of a dry run: id, action, data; at most 100
    requests: int = 0
    waited: float = 0.0  # seconds spent waiting for the budget
    due_at: float | None = None  # with waiting: when the budget lets it go on, in Unix seconds
    seconds: float = 0.0
    error: Mapping[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    estimates: dict[str, float] = field(default_factory=dict)  # plan → seconds its budget alone would take

    def __getattr__(self, name: str) -> int:
        if name in Counts.__dataclass_fields__:
            return int(getattr(self.counts, name))
        raise AttributeError(name)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, the counts at its top level."""
        fields = asdict(self)
        counts = fields.pop("counts")
        return {**fields, **counts}


class Progress(Protocol):
    """Is told how a run goes on. Calls may come from several threads."""

    def update(self, counts: Counts, *, done: int | None, of: int | None, requests: int) -> None:
        """So much was saved; `done` and `of` are the sync's own measure."""

    def waiting(self, waiting: Waiting) -> None:
        """The run pauses."""


class Silence:
    """Progress that nobody wants to see."""

    def update(self, counts: Counts, *, done: int | None, of: int | None, requests: int) -> None:
        """Say nothing."""

    def waiting(self, waiting: Waiting) -> None:
        """Say nothing."""
