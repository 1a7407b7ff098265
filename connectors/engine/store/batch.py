"""What is committed together: a batch, where it belongs, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Row:
    """A record on its way into the store."""

    data: str  # canonical JSON
    hash: bytes  # of the data without volatile fields
    version: str | None
    parent: str | None


@dataclass(frozen=True)
class Reject:
    """A record that breaks its schema."""

    version: str | None
    reason: str


@dataclass
class Batch:
    """Items of one sync that are committed in one transaction. Of an id that comes twice, the last counts."""

    rows: dict[str, Row] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)  # all of their records are still there
    gone: set[str] = field(default_factory=set)
    skipped: int = 0
    unread: set[str] = field(default_factory=set)  # seen, but skipped: they count as that only
    suspend: str | None = None  # why nothing may be deleted by absence in this pass
    checkpoint: Mapping[str, Any] | None = None
    bytes: int = 0  # length of the rows' data

    def __bool__(self) -> bool:
        return bool(
            self.rows or self.rejects or self.seen or self.parents or self.gone or self.skipped or self.suspend
        ) or (self.checkpoint is not None)

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejects) + len(self.seen) + len(self.parents) + len(self.gone) + self.skipped

    @property
    def ids(self) -> list[str]:
        """Every id that is there, however it came."""
        return list(self.rows.keys() | self.rejects.keys() | self.seen)


@dataclass
class Counts:
    """What a run did to the records."""

    added: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        return self

    @property
    def total(self) -> int:
        """How many ids came."""
        return self.added + self.updated + self.unchanged + self.rejected


@dataclass(frozen=True)
class Pass:
    """From nothing seen to everything seen; may span runs."""

    key: int
    state: str  # "open" or "held"
    whole: bool  # began without a checkpoint: absence means deletion
    suspended: str | None  # why it does not, all the same
    began_at: float


@dataclass(frozen=True)
class Place:
    """Where a run writes."""

    environment: str
    connection: int  # the connection's key
    sync: str
    model: str
    variant: str
    stream: int
    run: int
    pass_: Pass
    started_at: float

    @property
    def names(self) -> dict[str, Any]:
        """The values that the queries ask for."""
        return {
            "environment": self.environment,
            "connection": self.connection,
            "sync": self.sync,
            "model": self.model,
            "variant": self.variant,
            "stream": self.stream,
            "run": self.run,
            "pass": self.pass_.key,
        }


@dataclass(frozen=True)
class Absent:
    """What a pass did not see."""

    stored: int  # records that are not deleted
    absent: int  # of these, not seen
    anything: bool  # whether anything came at all
    examples: tuple[str, ...] = ()  # a few of the ids
