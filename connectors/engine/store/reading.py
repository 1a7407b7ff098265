"""Records as consumers read them: pages by cursor, time, kind and id; and emptying what was read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps

_SQL = queries("reading")
KINDS = frozenset({"added", "updated", "deleted"})


@dataclass(frozen=True)
class Stream:
    """The records of one model and variant of a connection."""

    key: int
    last_change: int


class Reading:
    """Reads and empties records. A stream's key comes from `stream`, which proves the environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stream(self, environment: str, connection_key: int, model: str, variant: str) -> Stream | None:
        """The stream of a model, or None if nothing was ever written to it."""
        given = {"environment": environment, "connection": connection_key, "model": model, "variant": variant}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["stream_of"], given).fetchone()
        return None if found is None else Stream(found["key"], found["last_change"])

    def page(
        self,
        stream: Stream,
        *,
        after: int,
        kinds: Collection[str] = KINDS,
        ids: Sequence[str] | None = None,
        limit: int,
    ) -> list[Any]:
        """At most `limit` rows with a higher change number, in its order, of these kinds of last action."""
        given: dict[str, Any] = {"stream": stream.key, "after": after, "limit": limit}
        given |= {kind: int(kind in kinds) for kind in KINDS}
        if ids is not None:
            query = "read_ids"
            given |= {"ids": dumps(list(ids))}
        else:
            query = "read_deleted" if set(kinds) == {"deleted"} else "read_page"
        with self._database.reading() as connection:
            return connection.execute(_SQL[query], given).fetchall()

    def change_before(self, stream: Stream, time: float) -> int:
        """The last change number before a time: what comes after it was changed then or later.

        Time never goes back in a stream, so the place is found by halving.
        """
        low, high = 0, stream.last_change
        with self._database.reading() as connection:
            while low < high:
                middle = (low + high + 1) // 2
                found = connection.execute(_SQL["next_time"], {"stream": stream.key, "from": middle}).fetchone()
                if found is not None and found["last_modified_at"] < time:
                    low = found["change"]
                else:
                    high = middle - 1
        return low

    def prune(self, stream: Stream, *, until: int, limit: int, now: float) -> tuple[int, bool]:
        """Empty at most `limit` records up to a change; how many, and whether more are left."""
        given = {"stream": stream.key, "until": until, "limit": limit, "now": now}

        def work(connection: Session) -> tuple[int, bool]:
            count = connection.execute(_SQL["prune"], given).rowcount
            return count, connection.execute(_SQL["any_to_prune"], given).fetchone() is not None

        return self._database.write(work)
