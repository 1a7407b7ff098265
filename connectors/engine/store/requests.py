"""The request log: what went out to providers, kept within bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries

_SQL = queries("requests")


class RequestRows:
    """Requests of runs, actions and proxied calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rows: Sequence[Mapping[str, Any]], *, first: int, newest: int, of_connection: int) -> None:
        """Write down requests of one connection and, unless its `run` is None, of one run; one transaction.

        Of the run stay the `first` and the `newest` ones, of a connection's requests outside of runs the
        newest `of_connection`. Raises `BrokenRule` when connection or run is gone.
        """
        bounds = {"run": rows[0]["run"], "first": first, "newest": newest}
        older = {"connection": rows[0]["connection"], "newest": of_connection}

        def work(session: Session) -> None:
            session.executemany(_SQL["add_request"], rows)
            if bounds["run"] is None:
                session.execute(_SQL["drop_older"], older)
            else:
                session.execute(_SQL["drop_middle"], bounds)

        self._database.write(work)

    def of_run(self, environment: str, run: int) -> list[dict[str, Any]]:
        """Those of a run that are kept, in their order."""
        with self._database.reading() as session:
            found = session.execute(_SQL["of_run"], {"environment": environment, "run": run}).fetchall()
        return [dict(row) for row in found]

    def of_connection(self, environment: str, connection: int, *, limit: int) -> list[dict[str, Any]]:
        """The newest ones of a connection, by its key."""
        given = {"environment": environment, "connection": connection, "limit": limit}
        with self._database.reading() as session:
            return [dict(row) for row in session.execute(_SQL["of_connection"], given).fetchall()]
