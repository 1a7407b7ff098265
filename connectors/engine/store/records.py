"""Records: written in batches by one run, read in the order of their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.engine.store.batch import Absent, Batch, Counts, Pass, Row
from connectors.engine.store.database import Database, Session
from connectors.engine.store.database import Row as StoredRow
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps

_SQL = queries("records")
_PASSES = queries("passes")
_TICK = 1e-6  # seconds; the least step of a stream's time
_PAGE = 200


@dataclass(frozen=True)
class Change:
    """The next change number and the time of a stream, while its row is locked."""

    number: int
    time: float


class RecordRows:
    """Records of a stream. What takes a `connection` runs inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stream(self, environment: str, connection_key: int, model: str, variant: str) -> int | None:
        """The key of a stream, or None if nothing was ever written to it."""
        given = {"environment": environment, "connection": connection_key, "model": model, "variant": variant}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["find_stream"], given).fetchone()
        return None if found is None else int(found["key"])

    def versions(self, environment: str, stream: int | None, ids: Iterable[str]) -> dict[str, str | None]:
        """The version of each id that is stored or was rejected."""
        if stream is None:
            return {}
        given = {"environment": environment, "stream": stream, "ids": dumps(list(ids))}
        with self._database.reading() as connection:
            stored = connection.execute(_SQL["stored_versions"], given).fetchall()
            rejected = connection.execute(_SQL["rejected_versions"], given).fetchall()
        return {row["id"]: row["version"] for row in (*stored, *rejected)}

    def after(self, environment: str, stream: int, after: int) -> Iterator[StoredRow]:
        """Stream rows whose change number is higher, a page at a time."""
        given = {"environment": environment, "stream": stream, "limit": _PAGE}
        while True:
            with self._database.reading() as connection:
                page = connection.execute(_SQL["page"], {**given, "after": after}).fetchall()
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]["change"]

    def rejects(self, environment: str, stream: int, limit: int) -> list[dict[str, Any]]:
        """The rejected records of a stream."""
        given = {"environment": environment, "stream": stream, "limit": limit}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["list_rejects"], given).fetchall()
        return [dict(row) for row in found]

    def models(self, environment: str, connection_key: int) -> list[dict[str, Any]]:
        """The models of a connection with their counts."""
        given = {"environment": environment, "connection": connection_key}
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(_SQL["models"], given).fetchall()]

    def alive(self, environment: str, stream: int, *, chunk: int) -> Iterator[list[str]]:
        """The ids of all records that are not deleted, so many at a time."""
        given = {"environment": environment, "stream": stream, "limit": chunk}
        last = ""
        while True:
            with self._database.reading() as connection:
                page = connection.execute(_SQL["alive"], {**given, "after": last}).fetchall()
            if not page:
                return
            yield [row["id"] for row in page]
            last = page[-1]["id"]

    def data(self, environment: str, stream: int) -> Iterator[str]:
        """Stream what is stored and not deleted, each id once, whatever is written meanwhile."""
        for ids in self.alive(environment, stream, chunk=_PAGE):
            given = {"stream": stream, "ids": dumps(ids)}
            with self._database.reading() as connection:
                page = connection.execute(_SQL["stored_data"], given).fetchall()
            yield from (row["data"] for row in page)

    def unseen(self, pass_: Pass, ids: Iterable[str]) -> list[str]:
        """Those of these ids that the pass has not noted, in order."""
        with self._database.reading() as connection:
            found = connection.execute(_PASSES["unseen"], {"pass": pass_.key, "ids": dumps(list(ids))}).fetchall()
        return [row["id"] for row in found]

    def absent(self, stream: int, pass_: Pass, *, examples: int) -> Absent:
        """What a pass did not see."""
        given = {"stream": stream, "pass": pass_.key, "limit": examples}
        with self._database.reading() as connection:
            counts = connection.execute(_SQL["absent"], given).fetchone()
            anything = connection.execute(_PASSES["seen_any"], given).fetchone()["any"]
            names = connection.execute(_SQL["absent_examples"], given).fetchall() if counts["absent"] else []
        return Absent(counts["stored"], counts["absent"], bool(anything), tuple(row["id"] for row in names))


def lock_stream(connection: Session, names: dict[str, Any], now: float) -> Change:
    """The stream's next change; its row is locked, so nobody else numbers meanwhile."""
    found = connection.execute(_SQL["find_stream"].locking, names).fetchone()
    return Change(found["last_change"] + 1, max(now, found["last_time"] + _TICK))


def advance_stream(connection: Session, names: dict[str, Any], change: Change, used: int) -> Change:
    """Remember that so many change numbers were used."""
    if not used:
        return change
    last = change.number + used - 1
    connection.execute(_SQL["advance_stream"], {**names, "change": last, "time": change.time})
    return Change(last + 1, change.time)


def save_rows(connection: Session, stream: int, saved: dict[str, Row], change: Change) -> tuple[set[str], set[str]]:
    """Write the rows in one statement; the ids that were added, and those that changed."""
    if not saved:
        return set(), set()
    values = [
        (stream, id_, row.data, row.hash, row.version, row.parent, number, number, change.time, change.time)
        for number, (id_, row) in enumerate(saved.items(), change.number)
    ]
    added: set[str] = set()
    updated: set[str] = set()
    for found in connection.execute_rows(_SQL["save_records"], values).fetchall():
        if found["change"] >= change.number:
            (added if found["first_change"] == found["change"] else updated).add(found["id"])
    return added, updated


def delete_rows(connection: Session, stream: int, ids: Iterable[str], change: Change) -> int:
    """Mark these as deleted; how many were not yet."""
    given = {"stream": stream, "ids": dumps(sorted(ids)), "change": change.number - 1, "time": change.time}
    return connection.execute(_SQL["delete_records"], given).rowcount


def delete_absent(connection: Session, stream: int, pass_: Pass, change: Change) -> int:
    """Mark as deleted what the pass did not see; how many."""
    given = {"stream": stream, "pass": pass_.key, "change": change.number - 1, "time": change.time}
    connection.execute(_SQL["forget_absent_rejects"], given)
    return connection.execute(_SQL["delete_absent"], given).rowcount


def children(connection: Session, stream: int, parents: Iterable[str]) -> set[str]:
    """The ids of all records of these parents."""
    found: set[str] = set()
    for parent in parents:
        found.update(row["id"] for row in connection.execute(_SQL["children"], {"stream": stream, "parent": parent}))
    return found


def save_rejects(connection: Session, names: dict[str, Any], batch: Batch, time: float) -> set[str]:
    """Remember what broke its schema, forget what is good now; all ids of the batch that stand rejected."""
    stream = names["stream"]
    if batch.rows or batch.gone:
        connection.execute(_SQL["accept"], {"stream": stream, "ids": dumps([*batch.rows, *batch.gone])})
    for id_, reject in batch.rejects.items():
        given = {**names, "id": id_, "version": reject.version, "reason": reject.reason, "time": time}
        connection.execute(_SQL["reject"], given)
    found = connection.execute(_SQL["rejected_versions"], {"stream": stream, "ids": dumps(list(batch.seen))})
    return set(batch.rejects) | {row["id"] for row in found}


def preview(connection: Session, stream: int | None, batch: Batch) -> tuple[set[str], set[str], set[str], set[str]]:
    """What a commit would do, without doing it: ids added, updated, deleted, and children of the batch's parents."""
    given = {"stream": stream, "ids": dumps([*batch.rows, *batch.gone])}
    stored = {row["id"]: row for row in connection.execute(_SQL["stored_hashes"], given).fetchall()}
    alive = {id_ for id_, row in stored.items() if row["deleted_at"] is None}
    added = {id_ for id_ in batch.rows if id_ not in alive}
    updated = {id_ for id_, row in batch.rows.items() if id_ in alive and stored[id_]["hash"] != row.hash}
    kept = set() if stream is None else children(connection, stream, batch.parents)
    return added, updated, batch.gone & alive, kept


def count(new: set[str], added: set[str], updated: set[str], rejected: set[str], batch: Batch) -> Counts:
    """Counts of a batch; an id counts once in a pass, so only those in `new` do."""
    changed = added | updated
    return Counts(
        added=len(new & added),
        updated=len(new & updated),
        rejected=len(new & rejected),
        unchanged=len(new - changed - rejected - batch.unread),
        skipped=batch.skipped,
    )
