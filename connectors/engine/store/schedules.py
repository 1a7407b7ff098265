"""Schedules: what is due, who took it, and what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.engine.frequency import next_slot
from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries

_SQL = queries("schedules")
_EVENTS = queries("incoming")
QUEUED = "queued"  # the claim of what is due and no worker has begun with
_MOST_WANTED = 10_000  # ids of a sync that wait; more than that, and everything is wanted
ALL_WANTED = _MOST_WANTED + 1  # a limit that leaves none out


@dataclass(frozen=True)
class Schedule:
    """When a sync of a connection runs, as it is stored. Times are Unix seconds."""

    key: int
    id: str  # a UUID; what the HTTP API calls it
    environment: str
    connection: int  # key of the connection
    connection_id: str
    integration: str
    provider: str
    sync: str
    variant: str  # "base": none
    state: str  # started or paused
    every: float  # seconds
    frequency: str | None  # this connection's own, as it was written; None: the declared one
    began_at: float  # slots are counted from here
    due_at: float  # the next slot
    waits_for: str | None  # a sync that has to succeed once before
    triggered_at: float | None  # a run that was asked for and has not ended
    claim: str | None  # who took it to run it
    failures: int  # in a row

    @property
    def names(self) -> dict[str, Any]:
        """What it runs, as queries name it."""
        return {
            "environment": self.environment,
            "connection": self.connection,
            "sync": self.sync,
            "variant": self.variant,
            "key": self.key,
        }


@dataclass(frozen=True)
class Due:
    """A schedule that was taken to be run."""

    key: int
    environment: str
    connection: int  # key of the connection
    sync: str
    variant: str
    triggered_at: float | None  # when it was asked for; None: it was not
    reset: bool  # forget what the sync remembers
    emptied: bool  # and the records
    targeted: bool  # an event asked: the wanted ids only
    slot: bool  # its slot is due
    claim: str  # who took it

    @property
    def only_wanted(self) -> bool:
        """Whether the run is one for the wanted ids; a slot or a reset that is due as well takes them along."""
        return self.targeted and not self.reset and not self.slot

    @property
    def trigger(self) -> str:
        """What starts the run, for the history."""
        if self.only_wanted:
            return "event"
        return "trigger" if self.triggered_at is not None and (self.reset or not self.targeted) else "schedule"

    @property
    def names(self) -> dict[str, Any]:
        """What it runs, as queries name it."""
        return {
            "environment": self.environment,
            "connection": self.connection,
            "sync": self.sync,
            "variant": self.variant,
            "key": self.key,
            "claim": self.claim,
        }


class ScheduleRows:
    """Schedules of all environments; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, environment: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Make those that are not there; how many that were.

        A row has id, connection, sync, variant, state, every, frequency, waits_for and now.
        """

        def work(connection: Session) -> int:
            return sum(
                connection.execute(_SQL["add_schedule"], {**row, "environment": environment}).rowcount for row in rows
            )

        return self._database.write(work)

    def lacking(self, provider: str, sync: str) -> list[tuple[str, int]]:
        """Environment and key of the connections of a provider that have no schedule of a sync."""
        return [
            (row["environment"], row["key"]) for row in self._all("without_schedules", provider=provider, sync=sync)
        ]

    def of_integration(self, environment: str, integration: str, connection: str | None) -> list[Schedule]:
        """The schedules of an integration, or of one of its connections by id."""
        given = {"environment": environment, "integration": integration, "connection": connection}
        return [_schedule(row) for row in self._all("schedules_of_integration", **given)]

    def find(self, environment: str, connection: int, sync: str, variant: str) -> Schedule | None:
        """One by what it runs."""
        given = {"environment": environment, "connection": connection, "sync": sync, "variant": variant}
        rows = self._all("find_schedule", **given)
        return _schedule(rows[0]) if rows else None

    def get(self, environment: str, key: int) -> Schedule | None:
        """One by its key."""
        rows = self._all("schedule_by_key", environment=environment, key=key)
        return _schedule(rows[0]) if rows else None

    def change(self, query: str, **given: Any) -> int:
        """Run one of the changing queries; how many rows it changed."""
        return int(self._database.write(lambda connection: connection.execute(_SQL[query], given).rowcount))

    def changes(self, given: Mapping[str, Any], *names: str) -> None:
        """Run several of the changing queries, all or none."""

        def work(connection: Session) -> None:
            for name in names:
                connection.execute(_SQL[name], given)

        self._database.write(work)

    def one(self, query: str, **given: Any) -> dict[str, Any] | None:
        """The first row of one of the reading queries."""
        rows = self._all(query, **given)
        return rows[0] if rows else None

    def claim_due(self, claim: str, *, now: float, until: float, limit: int) -> list[Due]:
        """Take what is due, the longest due first."""
        given = {"claim": claim, "now": now, "until": until, "limit": limit}

        def work(connection: Session) -> list[Due]:
            return [_due(row) for row in connection.execute(_SQL["claim_due"], given).fetchall()]

        return self._database.write(work)

    def take_queued(self, environment: str, key: int, *, claim: str, now: float, until: float) -> Due | None:
        """Take what is claimed as `QUEUED`; None if it is not any more."""
        given = {"environment": environment, "key": key, "queued": QUEUED, "claim": claim, "now": now, "until": until}

        def work(connection: Session) -> Due | None:
            row = connection.execute(_SQL["take_queued"], given).fetchone()
            return None if row is None else _due(row)

        return self._database.write(work)

    def note_failure(self, environment: str, connection: int, sync: str, variant: str) -> int:
        """One more failure in a row; how many that makes. 0 if there is no schedule."""
        given = {"environment": environment, "connection": connection, "sync": sync, "variant": variant}

        def work(connection: Session) -> int:
            row = connection.execute(_SQL["note_failure"], given).fetchone()
            return 0 if row is None else int(row["failures"])

        return self._database.write(work)

    def redeclare(self, provider: str, sync: str, every: float, *, now: float) -> None:
        """Schedules without a frequency of their own follow what their sync declares; what is due stays due."""
        given = {"provider": provider, "sync": sync, "every": every}

        def work(connection: Session) -> None:
            for row in connection.execute(_SQL["declared_otherwise"], given).fetchall():
                due_at = row["due_at"] if row["due_at"] <= now else next_slot(row["began_at"], every, now)
                names = {"environment": row["environment"], "key": row["key"], "every": every, "due_at": due_at}
                connection.execute(_SQL["set_declared"], names)

        self._database.write(work)

    def want(
        self,
        environment: str,
        connection: int,
        sync: str,
        ids: Iterable[str],
        *,
        now: float,
        event: tuple[str, float] | None = None,
    ) -> bool:
        """Remember the ids that an event asked for, and ask for a run of them; an empty id means everything.

        `event` is the event's key and the end of its window: nothing happens, and this is False, if the
        same one came within its window.
        """
        names = {"environment": environment, "connection": connection, "sync": sync, "now": now, "queued": QUEUED}

        def work(database: Session) -> bool:
            if event is not None:
                noted = {**names, "key": event[0], "until": event[1]}
                if database.execute(_EVENTS["note_event"], noted).rowcount == 0:
                    return False
            for id_ in ids:
                database.execute(_SQL["want"], {**names, "id": id_})
            if database.execute(_SQL["count_wanted"], names).fetchone()["wanted"] > _MOST_WANTED:
                database.execute(_SQL["no_longer_wanted"], {**names, "until": now})
                database.execute(_SQL["want"], {**names, "id": ""})
            database.execute(_SQL["ask_targeted"], names)
            return True

        return self._database.write(work)

    def wanted(self, environment: str, connection: int, sync: str, *, limit: int) -> dict[str, float]:
        """The ids that events asked for, and when."""
        given = {"environment": environment, "connection": connection, "sync": sync, "limit": limit}
        return {row["id"]: row["received_at"] for row in self._all("wanted_ids", **given)}

    def no_longer_wanted(self, environment: str, connection: int, sync: str, ids: Mapping[str, float]) -> None:
        """Forget ids, unless they were asked for again after the time that stands with them."""
        names = {"environment": environment, "connection": connection, "sync": sync}

        def work(database: Session) -> None:
            for id_, until in ids.items():
                database.execute(_SQL["no_longer_wanted_id"], {**names, "id": id_, "until": until})

        self._database.write(work)

    def _all(self, query: str, **given: Any) -> list[dict[str, Any]]:
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(_SQL[query], given).fetchall()]


def _schedule(row: Mapping[str, Any]) -> Schedule:
    return Schedule(**{name: row[name] for name in Schedule.__dataclass_fields__})


def _due(row: Mapping[str, Any]) -> Due:
    flags: dict[str, Any] = {name: bool(row[name]) for name in ("reset", "emptied", "targeted", "slot")}
    names = ("key", "environment", "connection", "sync", "variant", "triggered_at", "claim")
    return Due(**{name: row[name] for name in names}, **flags)
