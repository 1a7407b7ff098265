"""The store: what is remembered, behind one door."""

from __future__ import annotations

from pathlib import Path

from connectors.engine.store.connections import ConnectionRows
from connectors.engine.store.consents import ConsentRows
from connectors.engine.store.database import Database
from connectors.engine.store.environments import Environments
from connectors.engine.store.files import FileRows
from connectors.engine.store.integrations import IntegrationRows
from connectors.engine.store.memories import MemoryRows
from connectors.engine.store.passes import PassRows
from connectors.engine.store.purses import StoredBudgets
from connectors.engine.store.records import RecordRows
from connectors.engine.store.runs import RunRows


class Store:
    """One database file and its nouns. Raises `StoreError` when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.environments = Environments(self.database)
        self.integrations = IntegrationRows(self.database)
        self.connections = ConnectionRows(self.database)
        self.consents = ConsentRows(self.database)
        self.records = RecordRows(self.database)
        self.passes = PassRows(self.database)
        self.runs = RunRows(self.database)
        self.files = FileRows(self.database)
        self.memories = MemoryRows(self.database)
        self.budgets = StoredBudgets(self.database)

    def close(self) -> None:
        """Close the file."""
        self.database.close()
