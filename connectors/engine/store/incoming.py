"""Who may tell us of a connection's events, and which events came lately."""

from __future__ import annotations

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries

_SQL = queries("incoming")


class IncomingRows:
    """Webhooks that come in; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_path(self, environment: str, connection: int, *, hash: bytes, now: float) -> None:
        """A secret that a provider sends the events of a connection with, by its hash."""
        given = {"environment": environment, "connection": connection, "hash": hash, "now": now}
        self._database.write(lambda session: session.execute(_SQL["add_path"], given))

    def find(self, environment: str, integration: str, *, hash: bytes) -> str | None:
        """The id of the connection that a secret stands for."""
        given = {"environment": environment, "integration": integration, "hash": hash}
        with self._database.reading() as session:
            row = session.execute(_SQL["find_path"], given).fetchone()
        return None if row is None else row["id"]

    def drop_paths(self, environment: str, connection: int) -> int:
        """The secrets of a connection are good no longer; how many there were."""
        given = {"environment": environment, "connection": connection}
        return self._database.write(lambda session: session.execute(_SQL["drop_paths"], given).rowcount)

    def note_event(self, environment: str, connection: int, key: str, *, now: float, until: float) -> bool:
        """Remember an event until the end of its window; False if the same one came within its own."""
        given = {"environment": environment, "connection": connection, "key": key, "now": now, "until": until}
        return self._database.write(lambda session: session.execute(_SQL["note_event"], given).rowcount) == 1
