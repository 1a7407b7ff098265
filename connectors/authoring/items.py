"""What a sync yields: records, and what it learned about records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Record:
    """The provider's object as it is now. A bare mapping yielded by a sync means `Record(mapping)`."""

    data: Mapping[str, Any]  # has an "id": text or integer
    version: str | int | float | None = None  # stored; `run.refresh` compares it
    parent: str | int | None = None  # id of the record it belongs to, for Seen(parent=…)


@dataclass(frozen=True)
class Seen:
    """Still there, unchanged: one record, or all records of a parent."""

    id: str | int | None = None
    parent: str | int | None = None


@dataclass(frozen=True)
class Gone:
    """The provider says it is deleted, or a read of it answered 404."""

    id: str | int


@dataclass(frozen=True)
class Skipped:
    """Could not be read now: what is stored stays. Without id and parent, no deletions in this pass."""

    reason: str
    id: str | int | None = None
    parent: str | int | None = None


@dataclass(frozen=True)
class Checkpoint:
    """Committed with everything yielded before it; the next run of the pass begins with it."""

    value: Mapping[str, Any]


class StartOver(Exception):
    """The checkpoint is void: forget it and list everything again."""


Item: TypeAlias = Mapping[str, Any] | Record | Seen | Gone | Skipped | Checkpoint
