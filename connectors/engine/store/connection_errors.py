"""What is wrong with connections now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("connection_errors")


class ErrorRows:
    """Errors of connections; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        environment: str,
        connection: int,
        kind: str,
        name: str,
        *,
        log_id: str,
        error: Mapping[str, Any],
        tell_after: int,
        now: float,
    ) -> bool:
        """Remember an error; whether the customer has to be told: once, when it has come so often in a row."""
        given = {"environment": environment, "connection": connection, "kind": kind, "name": name}
        given |= {"log_id": log_id, "error": dumps(error), "now": now}

        def work(session: Session) -> bool:
            row = session.execute(_SQL["record_error"], given).fetchone()
            if row["notified"] or row["times"] < tell_after:
                return False
            session.execute(_SQL["error_notified"], given)
            return True

        return self._database.write(work)

    def clear(self, environment: str, connection: int, kind: str, name: str | None = None) -> bool:
        """It is well again: one error, or with no name all of a kind; whether there was one."""
        given = {"environment": environment, "connection": connection, "kind": kind, "name": name}
        query = _SQL["clear_errors" if name is None else "clear_error"]
        return self._database.write(lambda session: session.execute(query, given).rowcount > 0)

    def list(self, environment: str, connection: int | None = None) -> dict[int, list[dict[str, Any]]]:
        """The errors of an environment's connections, or of one, by the connection's key."""
        given = {"environment": environment, "connection": connection}
        found: dict[int, list[dict[str, Any]]] = {}
        with self._database.reading() as session:
            for row in session.execute(_SQL["errors_of_environment"], given).fetchall():
                fields = dict(row)
                found.setdefault(fields.pop("connection"), []).append({**fields, "error": loads(fields["error"])})
        return found

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        with self._database.reading() as session:
            return {row["kind"]: row["count"] for row in session.execute(_SQL["count_errors"]).fetchall()}
