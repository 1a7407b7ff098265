"""What is sealed, over all environments: with which keys."""

from __future__ import annotations

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries

_SQL = queries("sealed")


class SealedRows:
    """Everything that the vault has sealed for good: credentials, clients of integrations, signing keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_by_key(self) -> dict[str, int]:
        """Id of a key → how much is sealed with it."""
        with self._database.reading() as session:
            rows = session.execute(_SQL["count_by_key"]).fetchall()
        return {bytes(row["key"]).hex(): row["many"] for row in rows}
