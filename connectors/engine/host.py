"""Everything that is open: settings, store, vault, connectors. Commands and the server work through one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from connectors.engine.connections import Connections
from connectors.engine.files import Files
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.store.connections import StoredConnection
from connectors.engine.vault import Vault
from connectors.registry import Registry
from connectors.runtime.clock import SystemClock
from connectors.runtime.hosts import HostPolicy

if TYPE_CHECKING:
    from connectors.runtime.catalog import Catalog
    from connectors.runtime.client import Client
    from connectors.runtime.connection import Connection
    from connectors.runtime.ports import Clock, Observer
    from connectors.runtime.transport import Transport


class Host:
    """One data folder in use. Close it, or use it as a context manager."""

    def __init__(
        self, settings: Settings, store: Store, vault: Vault | None, registry: Registry, catalog: Catalog, clock: Clock
    ) -> None:
        self.settings = settings
        self.store = store
        self.vault = vault  # None: nothing was sealed yet, so there is no key
        self.registry = registry
        self.catalog = catalog
        self.clock = clock
        self.key_note: str | None = None  # says so when a key file was just made
        self.policy = HostPolicy(
            allow_private=settings.value("CONNECTORS_ALLOW_PRIVATE_HOSTS"),
            override=settings.value("CONNECTORS_BASE_URL_OVERRIDE"),
        )
        self.connections = Connections(self)
        self.files = Files(self)

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        providers: Sequence[Path] = (),
        paths: Sequence[Path] = (),
        clock: Clock | None = None,
    ) -> Self:
        """Open the data folder that the settings name; `providers` and `paths` add to what they say.

        Raises `SettingError`, `StoreError`, `VaultError` or `DefinitionError`.
        """
        settings = settings or Settings.load()
        registry = Registry.load([*settings.value("CONNECTORS_PATH"), *paths])
        catalog = registry.catalog([*settings.value("CONNECTORS_PROVIDERS"), *providers])
        settings.make_home()
        vault = Vault.existing(settings)
        return cls(settings, Store(settings.database), vault, registry, catalog, clock or SystemClock())

    def sealing_vault(self) -> Vault:
        """The vault to seal with; on first use of a data folder without a key, a key file is made."""
        if self.vault is None:
            self.vault, self.key_note = Vault.from_settings(self.settings)
        return self.vault

    def client(
        self,
        stored: StoredConnection,
        *,
        urgent: bool = True,
        observer: Observer | None = None,
        clock: Clock | None = None,
    ) -> Client:
        """A client with the stored connection's credentials. Raises `VaultError`."""
        return self.client_for(self.connections.open(stored), urgent=urgent, observer=observer, clock=clock)

    def client_for(
        self,
        connection: Connection,
        *,
        urgent: bool = True,
        observer: Observer | None = None,
        clock: Clock | None = None,
        transport: Transport | None = None,
        longest_budget_wait: float | None = None,
    ) -> Client:
        """A client on the budget that all processes share; not `urgent` means that it can wait.

        A `transport` that is handed over is the caller's to close. `longest_budget_wait` is in
        seconds; None leaves it to the client.
        """
        from connectors.runtime.client import Client

        return Client(
            connection,
            transport=transport,
            budgets=self.store.budgets,
            observer=observer,
            clock=clock or self.clock,
            policy=self.policy,
            urgent=urgent,
            longest_budget_wait=longest_budget_wait,
        )

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
