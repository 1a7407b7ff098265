"""What the pages of the dashboard list: each page is read by an index, however much there is."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("browsing")
_LAST = 2**62  # above every number that the store gives
_DAY = 86400.0  # seconds
MOST_COUNTED = 50_000  # records of a model; there may be more
_AFTER_ALL = chr(sys.maxunicode)
_PARSED = ("error", "notes", "end_user", "data")  # columns with JSON in them


class Since(NamedTuple):
    """Where a page of what is ordered by time begins: behind this."""

    at: float = float(_LAST)
    id: Any = _AFTER_ALL  # a key where the order is by key


NEWEST = Since()
NEWEST_KEY = Since(id=_LAST)


class Browsing:
    """Reads an environment's rows page by page. Rows are dicts; `limit` is of one page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, environment: str, *, now: float) -> dict[str, int]:
        """How much there is: integrations, connections, troubled, failing, paused, running, held, undelivered.

        `troubled` are connections with an error, `failing` and `paused` syncs, `held` runs that wait
        for a yes, and `undelivered` webhooks of the last day that were given up.
        """
        return dict(self._rows("counts", environment=environment, since=now - _DAY)[0])

    def connections(
        self,
        environment: str,
        *,
        integration: str | None = None,
        search: str | None = None,
        in_trouble: bool = False,
        since: Since = NEWEST_KEY,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """The newest first; `search` is a part of the id, or of the end user's name or e-mail."""
        query = "connections"
        given: dict[str, Any] = {"at": since.at, "before": since.id, "limit": limit}
        given["search"] = _containing(search) if search else None
        if in_trouble:
            query, given["integration"] = "connections_in_trouble", integration
        elif integration is not None:
            query, given["integration"] = "connections_of_integration", integration
        return self._rows(query, environment=environment, **given)

    def syncs(
        self, environment: str, *, which: str | None = None, before: int = _LAST, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Schedules with their newest run (`last`, or None), of the newest connections first.

        `which`: only those that are `failing` or `paused`.
        """
        query = f"syncs_{which}" if which else "syncs"
        return self._with_last(environment, self._rows(query, environment=environment, before=before, limit=limit))

    def syncs_of(self, environment: str, connection: int) -> list[dict[str, Any]]:
        """All schedules of a connection, with their newest run."""
        return self._with_last(
            environment, self._rows("syncs_of_connection", environment=environment, connection=connection)
        )

    def runs(
        self,
        environment: str,
        *,
        state: str | None = None,
        connection: int | None = None,
        sync: tuple[str, str] | None = None,
        before: int = _LAST,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """The newest first: all, those in a state, of a connection, or of one of its syncs (name and variant)."""
        given: dict[str, Any] = {"environment": environment, "before": before, "limit": limit}
        if connection is None:
            return self._rows("runs", **given) if state is None else self._rows("runs_in_state", **given, state=state)
        if sync is None:
            return self._rows("runs_of_connection", **given, connection=connection)
        return self._rows("runs_of_sync", **given, connection=connection, sync=sync[0], variant=sync[1])

    def rejects_of_run(self, environment: str, run: int, *, limit: int = 50) -> list[dict[str, Any]]:
        """Records that broke their schema in a run: id, reason, version, model, variant."""
        return self._rows("rejects_of_run", environment=environment, run=run, limit=limit)

    def models(self, environment: str, connection: int) -> list[dict[str, Any]]:
        """Models that hold something: model, variant, last_time, and how many are stored, deleted and rejected.

        Counting stops at `MOST_COUNTED`.
        """
        return self._rows("models", environment=environment, connection=connection, most=MOST_COUNTED)

    def stream(self, environment: str, connection: int, model: str, variant: str) -> int | None:
        """The key of a model's stream, which proves the environment; None if nothing was ever written to it."""
        rows = self._rows("stream", environment=environment, connection=connection, model=model, variant=variant)
        return int(rows[0]["key"]) if rows else None

    def records(
        self, stream: int, *, deleted: bool = False, before: int = _LAST, limit: int = 25
    ) -> list[dict[str, Any]]:
        """Records by their newest change: id, data, first_change, change and times."""
        query = "records_deleted" if deleted else "records"
        return self._rows(query, stream=stream, before=before, limit=limit)

    def records_called(self, stream: int, begins: str, *, after: str = "", limit: int = 25) -> list[dict[str, Any]]:
        """Records whose id begins so, by id."""
        first = f"{after}\x01" if after else begins
        return self._rows("records_called", stream=stream, **{"from": first}, until=begins + _AFTER_ALL, limit=limit)

    def record(self, stream: int, id: str) -> dict[str, Any] | None:
        """One record."""
        rows = self._rows("record", stream=stream, id=id)
        return rows[0] if rows else None

    def rejects(self, stream: int, *, after: str = "", limit: int = 25) -> list[dict[str, Any]]:
        """Records that broke their schema, by id: id, reason, version, run, rejected_at."""
        return self._rows("rejects", stream=stream, after=after, limit=limit)

    def deliveries(
        self,
        environment: str,
        *,
        state: str | None = None,
        since: Since = NEWEST,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Webhooks, the newest first, without their bodies."""
        given: dict[str, Any] = {"at": since.at, "before": since.id, "limit": limit}
        if state is None:
            return self._rows("deliveries", environment=environment, **given)
        return self._rows("deliveries_in_state", environment=environment, state=state, **given)

    def delivery(self, environment: str, id: str) -> dict[str, Any] | None:
        """One webhook with its body."""
        rows = self._rows("delivery", environment=environment, id=id)
        return rows[0] if rows else None

    def files(self, environment: str, *, now: float, since: Since = NEWEST, limit: int = 50) -> list[dict[str, Any]]:
        """Files that are kept, the newest first."""
        return self._rows("files", environment=environment, now=now, at=since.at, before=since.id, limit=limit)

    def _with_last(self, environment: str, schedules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        numbers = [str(row["last_run"]) for row in schedules if row["last_run"] is not None]
        rows = self._rows("runs_by_number", environment=environment, numbers=dumps(numbers)) if numbers else []
        runs: dict[int, dict[str, Any]] = {row["number"]: row for row in rows}
        return [{**row, "last": runs.get(row["last_run"])} for row in schedules]

    def _rows(self, query: str, **given: Any) -> list[Any]:
        with self._database.reading() as session:
            return [_parsed(dict(row)) for row in session.execute(_SQL[query], given).fetchall()]


def _parsed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the values of its JSON; an error that is a plain sentence stays one."""
    for name in _PARSED:
        value = row.get(name)
        if isinstance(value, str) and (name != "error" or value.startswith("{")):
            row[name] = loads(value)
    return row


def _containing(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
