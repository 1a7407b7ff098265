"""Everything that is open: settings, store, vault, connectors. Commands and the server work through one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from connectors.engine.action_calls import ActionCalls
from connectors.engine.audit_log import AuditLog
from connectors.engine.browsers import Browsers
from connectors.engine.connections import Connections
from connectors.engine.consent import Consents
from connectors.engine.environments import Environments
from connectors.engine.files import Files
from connectors.engine.health import Health
from connectors.engine.incoming import Incoming
from connectors.engine.integrations import Integrations
from connectors.engine.metrics import Metrics
from connectors.engine.outgoing import Outgoing
from connectors.engine.request_log import RequestLog
from connectors.engine.schedules import Schedules
from connectors.engine.sessions import Sessions
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.store.connections import StoredConnection
from connectors.engine.vault import NEW_KEY, Vault
from connectors.errors import VaultError
from connectors.registry import Registry
from connectors.runtime.clock import SystemClock
from connectors.runtime.hosts import HostPolicy

if TYPE_CHECKING:
    from connectors.runtime.auth.flow import Ask, Exchanges
    from connectors.runtime.catalog import Catalog
    from connectors.runtime.client import Client
    from connectors.runtime.connection import Connection
    from connectors.runtime.integration import Integration
    from connectors.runtime.ports import Clock, Observer
    from connectors.runtime.transport import Transport

Result = TypeVar("Result")

_PROXY_POOL = 128  # connections to one host that are kept; as many proxied calls go at a time


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
        self.stopping = threading.Event()  # set when all that runs in this process should end
        self.policy = HostPolicy(
            allow_private=settings.value("CONNECTORS_ALLOW_PRIVATE_HOSTS"),
            override=settings.value("CONNECTORS_BASE_URL_OVERRIDE"),
        )
        self.environments = Environments(self)
        self.sessions = Sessions(self)
        self.browsers = Browsers(self)
        self.integrations = Integrations(self)
        self.connections = Connections(self)
        self.consents = Consents(self)
        self.files = Files(self)
        self.schedules = Schedules(self)
        self.action_calls = ActionCalls(self)
        self.metrics = Metrics()
        self.audit_log = AuditLog(self)
        self.outgoing = Outgoing(self)
        self.requests = RequestLog(self)
        self.health = Health(self)
        self.incoming = Incoming(self)

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
        """The vault to seal with; on first use of a data folder without a key, a key file is made.

        Raises `VaultError` where there is no key but something is sealed: whoever forgot the key on one of several
        machines would have two.
        """
        if self.vault is None:
            lost = self.lost_keys()
            if lost and Vault.existing(self.settings) is None:
                message = f"There is no key here, but {sum(lost.values())} things are sealed with {', '.join(lost)}."
                raise VaultError(message, next_step=NEW_KEY)
            self.vault, self.key_note = Vault.from_settings(self.settings)
        return self.vault

    def lost_keys(self) -> dict[str, int]:
        """Keys that something is sealed with and that are not here: id → how much."""
        there = self.store.sealed.count_by_key()
        return {name: many for name, many in there.items() if self.vault is None or not self.vault.has(name)}

    def client(
        self,
        stored: StoredConnection,
        *,
        urgent: bool = True,
        observer: Observer | None = None,
        clock: Clock | None = None,
    ) -> Client:
        """A client with the stored connection's credentials. Raises `VaultError`."""
        connection = self.connections.open(stored)
        return self.client_for(connection, stored=stored, urgent=urgent, observer=observer, clock=clock)

    def client_for(
        self,
        connection: Connection,
        *,
        stored: StoredConnection | None = None,
        urgent: bool = True,
        observer: Observer | None = None,
        clock: Clock | None = None,
        transport: Transport | None = None,
        longest_budget_wait: float | None = None,
    ) -> Client:
        """A client on the budget that all processes share; not `urgent` means that it can wait.

        `stored` is where the connection comes from: its credentials are read again before each
        attempt and renewed in time. Without it they are used as they are.
        A `transport` that is handed over is the caller's to close. `longest_budget_wait` is in
        seconds; None leaves it to the client.
        """
        from connectors.engine.tokens import StoredTokens
        from connectors.runtime.client import Client
        from connectors.runtime.tokens import Unchanging

        return Client(
            connection,
            transport=transport,
            budgets=self.store.budgets,
            tokens=Unchanging() if stored is None else StoredTokens(self, stored),
            observer=observer,
            clock=clock or self.clock,
            policy=self.policy_for(connection.integration),
            urgent=urgent,
            longest_budget_wait=longest_budget_wait,
        )

    def policy_for(self, integration: Integration) -> HostPolicy:
        """Which hosts beyond the provider's own the credentials of an integration's connections may go to."""
        if self.policy.override == "off":
            return self.policy
        return replace(self.policy, allowed_hosts=self.policy.allowed_hosts | integration.hosts)

    def exchange(self, flow: Exchanges[Result], ask: Ask) -> Result:
        """Send what an auth mode asks to be sent; what it makes of the answers.

        `ask` is what the flow was made from. Raises the mode's error, `CallError` or `InputError`.
        """
        from connectors.runtime.auth import sending

        return sending.run(flow, ask, transport=self._token_transport, policy=self.policy)

    @cached_property
    def _token_transport(self) -> Transport:
        from connectors.runtime.auth.sending import LONGEST
        from connectors.runtime.transport import Transport

        return Transport(allow_private=self.policy.allow_private, read_timeout=LONGEST, total_timeout=LONGEST)

    @cached_property
    def proxy_transport(self) -> Transport:
        """The connections to providers that all proxied calls share."""
        from connectors.runtime.transport import Transport

        return Transport(allow_private=self.policy.allow_private, pool_size=_PROXY_POOL)

    def close(self) -> None:
        """Close the store, and the connections to providers that it keeps."""
        for name in ("_token_transport", "proxy_transport"):
            if name in self.__dict__:
                self.__dict__[name].close()
        self.requests.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
