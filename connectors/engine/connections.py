"""Connections. Whoever connects, re-authorises or deletes comes through here; `connecting` has the order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.engine import hooks
from connectors.engine.connecting import Wanted, check_metadata, connect, finish, prepare
from connectors.engine.end_users import NOBODY, Owner
from connectors.engine.leases import lease
from connectors.engine.opened import Opened
from connectors.engine.store.connections import StoredConnection
from connectors.engine.tokens import StoredTokens
from connectors.engine.vault import LOST_KEY
from connectors.errors import ConfigError, VaultError
from connectors.runtime.auth.flow import Grant
from connectors.runtime.budget import plan_of
from connectors.runtime.canonical import loads
from connectors.runtime.connection import Connection
from connectors.runtime.fields import fields_of

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.catalog import Provider
    from connectors.runtime.verify import Verification

_RECENT = 1000  # runs; one that goes on is among the newest


@dataclass(frozen=True)
class Deleted:
    """What went with a connection."""

    records: int
    runs: int
    warnings: tuple[str, ...] = ()  # what went wrong on the way, without keeping it


class Connections:
    """The connections of a host's environments."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._opened = Opened()

    def connect(
        self,
        environment: str,
        *,
        provider: str,
        id: str,
        config: Mapping[str, Any],
        credentials: Mapping[str, Any],
        assertion_option: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        integration: str | None = None,
        owner: Owner = NOBODY,
        verify: bool = True,
    ) -> StoredConnection:
        """Connect an account, or give a connection that is there new config and credentials.

        Metadata that is stored stays, `metadata` is laid over it. The integration is called like
        the provider unless given. `assertion_option` is used once and not stored. Raises
        `ConfigError` with all problems before anything is sent, `ConsentNeeded` where a person has
        to consent in a browser first (see `Consents`), `TokenError` and the error of the
        verification; nothing is stored then.
        """
        wanted = Wanted(
            environment=environment,
            provider=provider,
            id=id,
            integration=integration or provider,
            config=config,
            credentials=credentials,
            metadata=metadata or {},
            assertion_option=assertion_option or {},
            owner=owner,
        )
        return connect(self._host, wanted, verify=verify)

    def adopt(self, wanted: Wanted, credentials: Mapping[str, Any]) -> StoredConnection:
        """Connect an account whose consent somebody else obtained, with the tokens that came of it.

        `credentials` are as the auth mode stores them. Raises as `connect` does before it sends.
        """
        ready = prepare(self._host, wanted)
        return finish(self._host, ready, Grant(credentials=credentials), verify=False)

    def get(self, environment: str, id: str, integration: str | None = None) -> StoredConnection:
        """A connection. Raises `UnknownConnection`."""
        return self._host.store.connections.get(environment, id, integration)

    def list(self, environment: str) -> list[StoredConnection]:
        """All connections of an environment."""
        return self._host.store.connections.list(environment)

    def open(self, stored: StoredConnection) -> Connection:
        """The connection with its credentials, ready for a client. Raises `VaultError`."""
        if self._host.vault is None:
            raise VaultError("there is no key for the stored credentials", next_step=LOST_KEY)
        row = self._host.store.integrations.find(stored.environment, stored.integration)
        opened = self._opened.get(stored, row)
        if opened is not None:
            return opened
        secrets = loads(self._host.vault.open(stored.sealed, context=stored.context))
        config = {**stored.connection_config, **secrets["connection_config"]}
        provider = self._host.catalog.get(stored.provider)
        integration = self._host.integrations.of(stored.environment, stored.integration, stored.provider)
        _check_fits(stored.id, provider, config, secrets["credentials"], configured=integration.custom)
        opened = Connection(provider, config, secrets["credentials"], stored.metadata, stored.id, integration)
        return self._opened.keep(stored, row, opened)

    def set_metadata(
        self,
        environment: str,
        id: str,
        changes: Mapping[str, Any],
        integration: str | None = None,
    ) -> StoredConnection:
        """Lay changes over the metadata; None removes a name. Raises `ConfigError` for what cannot work."""

        def change(current: StoredConnection) -> Mapping[str, Any]:
            return {name: value for name, value in {**current.metadata, **changes}.items() if value is not None}

        return self._change_metadata(self.get(environment, id, integration), change)

    def write_metadata(
        self, environment: str, id: str, metadata: Mapping[str, Any], integration: str | None = None, *, merge: bool
    ) -> StoredConnection:
        """Store the metadata as it is given, also a None in it; `merge`: laid over what there is.

        Raises `ConfigError` for what cannot work.
        """

        def change(current: StoredConnection) -> Mapping[str, Any]:
            return {**(current.metadata if merge else {}), **metadata}

        return self._change_metadata(self.get(environment, id, integration), change)

    def _change_metadata(
        self, stored: StoredConnection, change: Callable[[StoredConnection], Mapping[str, Any]]
    ) -> StoredConnection:
        provider = self._host.catalog.get(stored.provider)

        def checked(current: StoredConnection) -> Mapping[str, Any]:
            after = change(current)
            check_metadata(after)
            plan_of(provider, after)
            self._host.registry.check_metadata(provider.name, after)
            return after

        return self._host.store.connections.change_metadata(
            stored.environment,
            stored.key,
            checked,
            id=stored.id,
            integration=stored.integration,
            now=self._host.clock.now(),
        )

    def check(self, environment: str, id: str, integration: str | None = None) -> Verification:
        """Verify the stored credentials now, and remember how it went."""
        stored = self.get(environment, id, integration)
        with self._host.client(stored) as client:
            outcome = client.verify()
        self._host.store.connections.checked(
            environment,
            stored.key,
            verified_at=self._host.clock.now() if outcome.ok and outcome.tested else None,
            error=None if outcome.error is None else outcome.error.to_dict(),
        )
        return outcome

    def renew(self, environment: str, id: str, integration: str | None = None) -> StoredConnection:
        """Give a connection new credentials now, whatever the old ones say and however often that failed.

        Nothing happens where its auth mode has none to give. Raises `TokenError`.
        """
        stored = self.get(environment, id, integration)
        StoredTokens(self._host, stored).renew_now(self.open(stored))
        return self.get(environment, id, integration)

    def delete(
        self, environment: str, id: str, integration: str | None = None, *, patience: float | None = None
    ) -> Deleted:
        """Delete a connection with its schedules, records, runs and files.

        A pre-deletion script of the definition is run first; where it fails, the connection goes
        all the same. Raises `AlreadyRunning` while one of its syncs runs, unless `patience` says for
        how many seconds to wait until they have stopped; what still runs then can write no more.
        """
        stored = self.get(environment, id, integration)
        store = self._host.store
        if patience is not None:
            self._host.schedules.end(stored, patience)
        with ExitStack() as leases:
            for run in store.runs.list(environment, stored.key, limit=_RECENT):
                if run["state"] == "running" and patience is None:
                    leases.enter_context(lease(store, environment, stored.key, run["sync"], run["variant"]))
            warnings = hooks.before_deletion(self._host, stored)
            files = store.files.of_connection(environment, stored.key)
            counts = store.connections.delete(environment, stored.key)
        self._host.files.discard(files)
        self._host.audit_log.record(environment, "connection.deleted", f"{stored.integration}/{stored.id}")
        return Deleted(counts["records"], counts["runs"], tuple(warnings))

    def rotate(self) -> int:
        """Seal all secrets again with the vault's newest key; how many were under an older one."""
        vault = self._host.sealing_vault()

        def again(sealed: bytes, context: str) -> bytes:
            if vault.key_id_of(sealed) == vault.newest_id:
                return sealed
            return vault.seal(vault.open(sealed, context=context), context=context)

        store = self._host.store
        for environment in self._host.environments.list():
            self._host.audit_log.record(environment.name, "vault.rotated", vault.newest_id)
        sealing = (store.connections, store.integrations, store.consents, store.secret_keys, store.connect_sessions)
        return sum(rows.reseal(again) for rows in sealing)


def _check_fits(
    id: str,
    provider: Provider,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    *,
    configured: Collection[str],
) -> None:
    """Raises `ConfigError` for a connection that was made with another definition of its provider."""
    strange = sorted(config.keys() - provider.connection_config.keys())
    if not strange and credentials.get("type") == provider.auth_mode:
        return
    given = {"connection_config": config, "credentials": credentials}
    required = [field for field in fields_of(provider, configured) if field.required]
    lacking = [field.title for field in required if field.name not in given[field.group]]
    if lacking:
        raise ConfigError(
            f"{id} was connected with another definition of {provider.name}: this one needs {', '.join(lacking)}.",
            next_step="Give that one again (--providers FILE, or CONNECTORS_PROVIDERS), or connect the account again.",
        )
