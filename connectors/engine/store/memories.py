"""What actions remember from call to call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import Query, queries
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
            return _value(connection, given, _SQL["get_memory"])

    def change(
        self, environment: str, connection_key: int, action: str, values: Mapping[str, Any], without: Iterable[str] = ()
    ) -> None:
        """Set some names and remove others; what another call set under other names stays."""
        given = {"environment": environment, "connection": connection_key, "action": action}
        gone = frozenset(without)

        def work(connection: Session) -> None:
            connection.execute(_SQL["ensure_memory"], given)
            before = _value(connection, given, _SQL["get_memory"].locking)
            kept = {name: value for name, value in before.items() if name not in gone}
            connection.execute(_SQL["set_memory"], {**given, "value": dumps({**kept, **values})})

        self._database.write(work)


def _value(connection: Session, given: Mapping[str, Any], query: Query) -> dict[str, Any]:
    row = connection.execute(query, given).fetchone()
    return {} if row is None else dict(loads(row["value"]))
