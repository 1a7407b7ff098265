"""What actions remember from call to call."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("memories")


class MemoryRows:
    """One small map per connection and action."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, environment: str, connection_key: int, action: str) -> dict[str, Any]:
        """The map; empty if nothing is remembered."""
        given = {"environment": environment, "connection": connection_key, "action": action}
        with self._database.reading() as connection:
            return _value(connection, given)

    def change(
        self, environment: str, connection_key: int, action: str, values: Mapping[str, Any], without: Iterable[str] = ()
    ) -> None:
        """Set some names and remove others; what another call set under other names stays."""
        given = {"environment": environment, "connection": connection_key, "action": action}
        gone = frozenset(without)

        def work(connection: sqlite3.Connection) -> None:
            kept = {name: value for name, value in _value(connection, given).items() if name not in gone}
            connection.execute(_SQL["set_memory"], {**given, "value": dumps({**kept, **values})})

        self._database.write(work)


def _value(connection: sqlite3.Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    row = connection.execute(_SQL["get_memory"], given).fetchone()
    return {} if row is None else dict(loads(row["value"]))
