"""The history of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.engine.store.batch import Place
from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.errors import UnknownRun
from connectors.runtime.canonical import dumps, loads

_SQL = queries("runs")


class RunRows:
    """Runs of an environment, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def end(
        self,
        environment: str,
        place: Place,
        state: str,
        *,
        would_delete: int,
        requests: int,
        waited: float,
        error: Mapping[str, Any] | None,
        notes: Sequence[str],
        now: float,
    ) -> bool:
        """Close a run; False if it was not the running one any more."""
        given = {
            "environment": environment,
            "run": place.run,
            "state": state,
            "pass": place.pass_.key if state == "needs_confirmation" else None,
            "would_delete": would_delete,
            "requests": requests,
            "waited": waited,
            "error": None if error is None else dumps(error),
            "notes": dumps(list(notes)),
            "now": now,
        }
        return self._database.write(lambda connection: connection.execute(_SQL["end_run"], given)).rowcount == 1

    def beat(self, environment: str, run: int, *, now: float) -> bool:
        """Prove that a run lives; False if it is not the running one any more."""
        given = {"environment": environment, "run": run, "now": now}
        return self._database.write(lambda connection: connection.execute(_SQL["beat"], given)).rowcount == 1

    def silence(self, environment: str, run: int, *, now: float) -> float:
        """For how many seconds nothing was heard of a run; on PostgreSQL by its clock. 0 for an unknown one."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["silence"], {"environment": environment, "run": run, "now": now}).fetchone()
        return 0.0 if found is None else float(found["seconds"])

    def all_running(self) -> list[dict[str, Any]]:
        """Every run that calls itself running, of all environments."""
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(_SQL["all_running"]).fetchall()]

    def close_silent(self, runs: Sequence[int], *, now: float, take_over: float) -> list[dict[str, Any]]:
        """Close dead runs as interrupted; those that were.

        On SQLite these are `runs`: the caller saw that nobody holds them. On PostgreSQL it is every run
        of which nothing was heard for `take_over` seconds.
        """
        given = {"runs": dumps([str(run) for run in runs]), "now": now, "take_over": take_over}

        def work(connection: Session) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(_SQL["close_silent"], given).fetchall()]

        return self._database.write(work)

    def get(self, environment: str, run: int) -> dict[str, Any]:
        """One run. Raises `UnknownRun`."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["get_run"], {"environment": environment, "run": run}).fetchone()
        if found is None:
            raise UnknownRun(f"there is no run {run} in the environment {environment!r}")
        return _run(found)

    def list(self, environment: str, connection_key: int | None = None, *, limit: int = 20) -> list[dict[str, Any]]:
        """The newest runs, of one connection if its key is given."""
        given = {"environment": environment, "connection": connection_key, "limit": limit}
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(_SQL["list_runs"], given).fetchall()]

    def running(self, environment: str, connection_key: int, sync: str, variant: str) -> dict[str, Any] | None:
        """The run of a sync that goes on."""
        given = {"environment": environment, "connection": connection_key, "sync": sync, "variant": variant}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["running"], given).fetchone()
        return None if found is None else dict(found)

    def state(self, environment: str, connection_key: int, sync: str, variant: str) -> dict[str, Any]:
        """What a sync remembers: its `checkpoint` and when it last succeeded (`succeeded_at`, or None)."""
        given = {"environment": environment, "connection": connection_key, "sync": sync, "variant": variant}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["sync_state"], given).fetchone()
        if found is None:
            return {"checkpoint": None, "succeeded_at": None}
        checkpoint = found["checkpoint"]
        return {
            "checkpoint": None if checkpoint is None else loads(checkpoint),
            "succeeded_at": found["succeeded_at"],
        }


def _run(row: Row) -> dict[str, Any]:
    """A row as it is shown: names of the connection instead of keys."""
    fields = dict(row)
    fields["id"] = fields.pop("number")
    fields["connection_key"] = fields.pop("connection")
    fields["connection"] = fields.pop("connection_id")
    fields["error"] = None if fields["error"] is None else loads(fields["error"])
    fields["notes"] = loads(fields["notes"])
    return fields
