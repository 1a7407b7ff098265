"""What consumers of the HTTP API read: pages of records, followed by cursors; and emptying what was read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.engine.records import cursor_of, position_of
from connectors.engine.store.reading import KINDS, Stream
from connectors.errors import BrokenCursor
from connectors.runtime.canonical import dumps, loads

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

_OURS = "_nango_metadata"
_HALF_A_TICK = 0.0000005  # seconds; times are handed out rounded to microseconds


@dataclass(frozen=True)
class RecordPage:
    """Some records and where to read on."""

    texts: list[str]  # each record as JSON
    next_cursor: str | None  # None: there are no more

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records as data."""
        return [loads(text) for text in self.texts]


@dataclass(frozen=True)
class Pruned:
    """What emptying records did."""

    count: int
    has_more: bool  # records up to the cursor are left; ask again


def read_page(
    host: Host,
    stored: StoredConnection,
    model: str,
    *,
    variant: str = "base",
    cursor: str | None = None,
    modified_after: float | None = None,
    kinds: Collection[str] = KINDS,
    ids: Sequence[str] | None = None,
    limit: int = 100,
) -> RecordPage:
    """Records in the order of their last change, as the HTTP API writes them.

    `cursor`: what comes after it. `modified_after` (Unix seconds) is inclusive. `kinds` are those of
    the last action that are wanted. A model that nothing was ever written to is empty. Raises
    `BrokenCursor`.
    """
    stream = host.store.reading.stream(stored.environment, stored.key, model, variant)
    after = 0 if cursor is None else position_of(cursor, None if stream is None else stream.key)
    if stream is None:
        return RecordPage([], None)
    if modified_after is not None:
        after = max(after, host.store.reading.change_before(stream, modified_after - _HALF_A_TICK))
    rows = host.store.reading.page(stream, after=after, kinds=kinds, ids=ids, limit=limit + 1)
    texts = [_written(row, stream) for row in rows[:limit]]
    return RecordPage(texts, cursor_of(stream.key, rows[limit - 1]["change"]) if len(rows) > limit else None)


def prune(
    host: Host, stored: StoredConnection, model: str, *, until: str, variant: str = "base", limit: int = 1000
) -> Pruned:
    """Empty the payloads of records up to and including a cursor, the oldest change first, at most `limit`.

    Their ids, history and cursors stay. The next run that meets one fills it again, which is no
    change. Raises `BrokenCursor`.
    """
    stream = host.store.reading.stream(stored.environment, stored.key, model, variant)
    last = position_of(until, None if stream is None else stream.key)
    if stream is None:
        raise BrokenCursor
    return Pruned(*host.store.reading.prune(stream, until=last, limit=limit, now=host.clock.now()))


def _written(row: Any, stream: Stream) -> str:
    """The provider's object with `_nango_metadata` in it; its id is always text.

    The stored text goes out as it is wherever it says the same: writing it again would take most of the time.
    """
    deleted_at, seen_at, modified_at = row["deleted_at"], row["first_seen_at"], row["last_modified_at"]
    action = "ADDED" if row["first_change"] == row["change"] else "UPDATED"
    modified = _iso(modified_at)
    history = (
        f'{{"first_seen_at":{modified if seen_at == modified_at else _iso(seen_at)},"last_modified_at":{modified},'
        f'"last_action":"{action if deleted_at is None else "DELETED"}","deleted_at":{_iso(deleted_at)},'
        f'"pruned_at":{_iso(row["pruned_at"])},"cursor":"{cursor_of(stream.key, row["change"])}"}}'
    )
    return f'{{"_nango_metadata":{history},{_payload(row)[1:]}'


def _payload(row: Any) -> str:
    """The object's text, its id being text and nothing in it called like what is ours."""
    text: str = row["data"]
    data = loads(text)
    if data.get("id") == row["id"] and _OURS not in data:
        return text
    return dumps({**{name: value for name, value in data.items() if name != _OURS}, "id": row["id"]})


def _iso(time: float | None) -> str:
    """The JSON of a time: `"2026-11-24T06:22:07.000000+00:00"`, or null."""
    return "null" if time is None else f'"{datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds")}"'
