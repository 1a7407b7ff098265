"""Where a run's batches go: into the store, or for a dry run nowhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

from connectors.authoring import Sync
from connectors.engine.store import Store
from connectors.engine.store.batch import Absent, Batch, Counts, Pass, Place
from connectors.engine.store.records import count, preview
from connectors.runtime.canonical import loads

_EXAMPLES = 5
_PREVIEW = 100  # records that a dry run shows
_CHUNK = 500


class Sink(Protocol):
    """Takes batches, knows what is stored, and ends the pass."""

    def versions(self, ids: Iterable[str]) -> dict[str, str | None]:
        """The stored version of those ids that are stored or stand rejected."""

    def commit(self, batch: Batch, *, requests: int, waited: float) -> Counts:
        """Take a batch, all or nothing."""

    def start_over(self) -> None:
        """Forget the checkpoint and what the pass saw."""

    def pass_(self) -> Pass:
        """The pass as it is now."""

    def absent(self) -> Absent:
        """What the pass did not see."""

    def finish(self, *, delete: bool) -> int:
        """The pass saw everything; delete what it did not see if `delete`. How many were deleted."""

    def hold(self) -> None:
        """Keep what the pass saw until its deletions are confirmed."""


class StoreSink:
    """Batches go into the store."""

    def __init__(self, store: Store, place: Place, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self.place = place

    def versions(self, ids: Iterable[str]) -> dict[str, str | None]:
        """The stored versions."""
        return self._store.records.versions(self.place.environment, self.place.stream, ids)

    def commit(self, batch: Batch, *, requests: int, waited: float) -> Counts:
        """One transaction."""
        return self._store.passes.commit(
            self.place.environment, self.place, batch, requests=requests, waited=waited, now=self._now()
        )

    def start_over(self) -> None:
        """Begin a new pass."""
        begun = self._store.passes.start_over(self.place.environment, self.place, now=self._now())
        self.place = replace(self.place, pass_=begun)

    def pass_(self) -> Pass:
        """Read again: a batch may have suspended it."""
        place = self.place
        found = self._store.passes.current(place.environment, place.connection, place.sync, place.variant)
        return found or place.pass_

    def absent(self) -> Absent:
        """Counted in the store."""
        return self._store.records.absent(self.place.stream, self.place.pass_, examples=_EXAMPLES)

    def finish(self, *, delete: bool) -> int:
        """One transaction."""
        return self._store.passes.finish(self.place.environment, self.place, delete=delete, now=self._now())

    def forget(self, *, records: bool) -> None:
        """Forget all that the sync remembers, and begin a new pass; with its records too if `records`."""
        place = self.place
        self._store.passes.forget(place.environment, place, records=records)
        self.start_over()

    def leave(self) -> None:
        """The run was no whole one: what it saw says nothing about a pass that began with it."""
        place = self.place
        if place.pass_.began_at == place.started_at:
            self._store.schedules.change("drop_pass", **place.names)

    def hold(self) -> None:
        """The run's row names the pass."""
        self._store.passes.hold(self.place.environment, self.place)


class DrySink:
    """Reads the store and writes nothing; what it saw is in a private temporary database."""

    def __init__(
        self, store: Store, environment: str, connection_key: int, sync: Sync, variant: str, *, full: bool
    ) -> None:
        self._store = store
        self._environment = environment
        self._stream = store.records.stream(environment, connection_key, sync.model, variant)
        checkpoint = store.runs.state(environment, connection_key, sync.name, variant)["checkpoint"]
        going_on = None if full else store.passes.current(environment, connection_key, sync.name, variant)
        self._pass = going_on or Pass(-1, "open", full or checkpoint is None, None, 0.0)
        self.preview: list[dict[str, Any]] = []  # id, action and data of the first records that would be written
        self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._seen.row_factory = sqlite3.Row
        self._seen.execute("CREATE TABLE seen (id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID")
        self._seen.execute("CREATE TABLE gone (id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID")

    def versions(self, ids: Iterable[str]) -> dict[str, str | None]:
        """The stored versions."""
        return self._store.records.versions(self._environment, self._stream, ids)

    def commit(self, batch: Batch, *, requests: int, waited: float) -> Counts:
        """Count what would happen."""
        del requests, waited
        with self._store.database.reading() as connection:
            added, updated, deleted, children = preview(connection, self._stream, batch)
        deleted = {id_ for id_ in deleted if self._delete(id_)}
        self._seen.executemany("DELETE FROM gone WHERE id = ?", [(id_,) for id_ in batch.rows])
        here = sorted(set(batch.ids) | children)
        fresh = self._store.records.unseen(self._pass, here)
        new = {id_ for id_ in here if self._note(id_)} & set(fresh)
        if batch.suspend and self._pass.suspended is None:
            self._pass = replace(self._pass, suspended=batch.suspend)
        self._preview(batch, added, updated)
        counts = count(new, added, updated, set(batch.rejects), batch)
        counts.deleted = len(deleted)
        return counts

    def _preview(self, batch: Batch, added: set[str], updated: set[str]) -> None:
        """Keep a few of the records that would be written."""
        for id_, row in batch.rows.items():
            if len(self.preview) < _PREVIEW and (id_ in added or id_ in updated):
                action = "ADDED" if id_ in added else "UPDATED"
                self.preview.append({"id": id_, "action": action, "data": loads(row.data)})

    def start_over(self) -> None:
        """Forget what was seen."""
        self._seen.execute("DELETE FROM seen")
        self._pass = Pass(-1, "open", whole=True, suspended=None, began_at=0.0)

    def pass_(self) -> Pass:
        """The pass that the run would go on with."""
        return self._pass

    def absent(self) -> Absent:
        """Counted against what was seen here and, in a pass that goes on, before."""
        if self._stream is None:
            return Absent(0, 0, anything=self._anything())
        stored = absent = 0
        examples: list[str] = []
        for ids in self._store.records.alive(self._environment, self._stream, chunk=_CHUNK):
            ids = [id_ for id_ in ids if not self._deleted(id_)]
            unseen = [id_ for id_ in self._store.records.unseen(self._pass, ids) if not self._noted(id_)]
            stored += len(ids)
            absent += len(unseen)
            examples += unseen[: _EXAMPLES - len(examples)]
        return Absent(stored, absent, self._anything() or absent < stored, tuple(examples))

    def finish(self, *, delete: bool) -> int:
        """Nothing is deleted; the report says what would be."""
        del delete
        self.close()
        return 0

    def hold(self) -> None:
        """Nothing to keep."""
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._seen.close()

    def _note(self, id_: str) -> bool:
        return self._seen.execute("INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING", (id_,)).rowcount == 1

    def _delete(self, id_: str) -> bool:
        return self._seen.execute("INSERT INTO gone VALUES (?) ON CONFLICT DO NOTHING", (id_,)).rowcount == 1

    def _deleted(self, id_: str) -> bool:
        return self._seen.execute("SELECT 1 FROM gone WHERE id = ?", (id_,)).fetchone() is not None

    def _noted(self, id_: str) -> bool:
        return self._seen.execute("SELECT 1 FROM seen WHERE id = ?", (id_,)).fetchone() is not None

    def _anything(self) -> bool:
        return self._seen.execute("SELECT 1 FROM seen LIMIT 1").fetchone() is not None
