"""The read side: records in the order of their changes, followed by cursors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.engine.store import Store
from connectors.engine.store.connections import StoredConnection
from connectors.errors import BrokenCursor, UnknownFunction
from connectors.runtime.canonical import loads

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.database import Row

_CURSOR = re.compile(r"1\.(?P<stream>[0-9]{1,18})\.(?P<change>[0-9]{1,18})\Z")


@dataclass(frozen=True)
class StoredRecord:
    """A record as it is handed out."""

    id: str
    data: dict[str, Any]  # the provider's object; of a deleted record, its last form
    first_seen_at: float  # Unix seconds
    last_modified_at: float
    deleted_at: float | None
    last_action: str  # "ADDED", "UPDATED" or "DELETED"
    cursor: str  # read on from here to get what changed later

    def to_dict(self) -> dict[str, Any]:
        """The object with a `_metadata` beside its own fields; times as ISO 8601 in UTC."""
        return {
            **self.data,
            "_metadata": {
                "first_seen_at": iso(self.first_seen_at),
                "last_modified_at": iso(self.last_modified_at),
                "deleted_at": iso(self.deleted_at),
                "last_action": self.last_action,
                "cursor": self.cursor,
            },
        }


class Reader:
    """Reads the records of one connection and variant."""

    def __init__(self, store: Store, stored: StoredConnection, variant: str) -> None:
        self._store = store
        self._stored = stored
        self._variant = variant

    def data(self, model: str) -> Iterator[dict[str, Any]]:
        """What is stored and not deleted, streamed."""
        environment = self._stored.environment
        stream = self._store.records.stream(environment, self._stored.key, model, self._variant)
        if stream is not None:
            yield from map(loads, self._store.records.data(environment, stream))

    def after(self, model: str, cursor: str | None) -> Iterator[StoredRecord]:
        """All changes behind the cursor, deletions included. Raises `BrokenCursor`."""
        environment = self._stored.environment
        stream = self._store.records.stream(environment, self._stored.key, model, self._variant)
        after = 0 if cursor is None else position_of(cursor, stream)
        if stream is None:
            return
        for row in self._store.records.after(environment, stream, after):
            yield _record(row, stream)


def read_records(
    host: Host,
    environment: str,
    connection_id: str,
    model: str,
    *,
    integration: str | None = None,
    variant: str = "base",
    cursor: str | None = None,
) -> Iterator[StoredRecord]:
    """The records of a connection's model, oldest change first; deleted ones are marked.

    A consumer that hands the last record's cursor back gets every later change, in order, without
    a gap. Raises `UnknownConnection`, `UnknownFunction` for a model that no sync fills, and
    `BrokenCursor`.
    """
    stored = host.connections.get(environment, connection_id, integration)
    known = sorted(sync.model for sync in host.registry.syncs(stored.provider))
    if model not in known:
        names = ", ".join(known) or "none"
        raise UnknownFunction(f"{stored.provider} has no model {model!r}; it has: {names}")
    return Reader(host.store, stored, variant).after(model, cursor)


def iso(time: float | None) -> str | None:
    """A time as ISO 8601 in UTC with milliseconds, as `2026-11-24T06:22:07.000Z`."""
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _record(row: Row, stream: int) -> StoredRecord:
    action = "ADDED" if row["first_change"] == row["change"] else "UPDATED"
    return StoredRecord(
        id=row["id"],
        data=loads(row["data"]),
        first_seen_at=row["first_seen_at"],
        last_modified_at=row["last_modified_at"],
        deleted_at=row["deleted_at"],
        last_action="DELETED" if row["deleted_at"] is not None else action,
        cursor=cursor_of(stream, row["change"]),
    )


def cursor_of(stream: int, change: int) -> str:
    """The cursor behind a change of a stream."""
    return base64.urlsafe_b64encode(f"1.{stream}.{change}".encode()).decode().rstrip("=")


def position_of(cursor: str, stream: int | None) -> int:
    """The number of the change that a cursor of that stream stands behind. Raises `BrokenCursor`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    found = _CURSOR.match(text)
    if found is None or int(found["stream"]) != stream:
        raise BrokenCursor(f"the cursor {cursor[:40]!r} does not belong to these records")
    return int(found["change"])
