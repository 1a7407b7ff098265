"""The store: what is remembered, behind one door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connectors.engine.store.action_calls import ActionCallRows
from connectors.engine.store.audit import AuditRows
from connectors.engine.store.browser_sessions import BrowserSessionRows
from connectors.engine.store.browsing import Browsing
from connectors.engine.store.connect_sessions import ConnectSessionRows
from connectors.engine.store.connection_errors import ErrorRows
from connectors.engine.store.connections import ConnectionRows
from connectors.engine.store.consents import ConsentRows
from connectors.engine.store.database import open_database
from connectors.engine.store.deliveries import DeliveryRows
from connectors.engine.store.environments import Environments
from connectors.engine.store.files import FileRows
from connectors.engine.store.incoming import IncomingRows
from connectors.engine.store.integrations import IntegrationRows
from connectors.engine.store.listings import ConnectionLists
from connectors.engine.store.memories import MemoryRows
from connectors.engine.store.passes import PassRows
from connectors.engine.store.purses import StoredBudgets
from connectors.engine.store.reading import Reading
from connectors.engine.store.records import RecordRows
from connectors.engine.store.requests import RequestRows
from connectors.engine.store.runs import RunRows
from connectors.engine.store.schedules import ScheduleRows
from connectors.engine.store.sealed import SealedRows
from connectors.engine.store.secret_keys import SecretKeyRows
from connectors.engine.store.upkeep import UpkeepRows

if TYPE_CHECKING:
    from connectors.engine.setting_values import PostgresUrl


class Store:
    """One database, a file or PostgreSQL, and its nouns. Raises `StoreError` when it cannot be used."""

    def __init__(self, where: Path | PostgresUrl) -> None:
        self.database = open_database(where)
        self.environments = Environments(self.database)
        self.secret_keys = SecretKeyRows(self.database)
        self.connect_sessions = ConnectSessionRows(self.database)
        self.browser_sessions = BrowserSessionRows(self.database)
        self.browsing = Browsing(self.database)
        self.integrations = IntegrationRows(self.database)
        self.connections = ConnectionRows(self.database)
        self.listings = ConnectionLists(self.database)
        self.consents = ConsentRows(self.database)
        self.records = RecordRows(self.database)
        self.reading = Reading(self.database)
        self.passes = PassRows(self.database)
        self.runs = RunRows(self.database)
        self.requests = RequestRows(self.database)
        self.files = FileRows(self.database)
        self.action_calls = ActionCallRows(self.database)
        self.memories = MemoryRows(self.database)
        self.schedules = ScheduleRows(self.database)
        self.deliveries = DeliveryRows(self.database)
        self.audit = AuditRows(self.database)
        self.upkeep = UpkeepRows(self.database)
        self.sealed = SealedRows(self.database)
        self.incoming = IncomingRows(self.database)
        self.connection_errors = ErrorRows(self.database)
        self.budgets = StoredBudgets(self.database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
