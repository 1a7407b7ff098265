"""Connections, in the one order: validate, verify, seal, save. Whoever connects comes through here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from connectors.engine.leases import lease
from connectors.engine.store.connections import StoredConnection
from connectors.engine.vault import LOST_KEY
from connectors.errors import ConfigError, ConnectorError, InputError, VaultError
from connectors.runtime.auth.places import default_headers
from connectors.runtime.budget import plan_of
from connectors.runtime.canonical import dumps, loads
from connectors.runtime.connection import Connection
from connectors.runtime.fields import check_input, fields_of, secret_names

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.catalog import Provider
    from connectors.runtime.verify import Verification

_RECENT = 1000  # runs; one that goes on is among the newest
_NAME = re.compile(r"[^\x00-\x1f\x7f/\s][^\x00-\x1f\x7f/]{0,199}\Z")


class Connections:
    """The connections of a host's environments."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def connect(
        self,
        environment: str,
        *,
        provider: str,
        id: str,
        config: Mapping[str, Any],
        credentials: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        integration: str | None = None,
        verify: bool = True,
    ) -> StoredConnection:
        """Connect an account, or give a connection that is there new config and credentials.

        Metadata that is stored stays, `metadata` is laid over it. The integration is called like
        the provider unless given. Raises `ConfigError` with all problems before anything is sent,
        the error of the verification if it fails, and stores nothing then.
        """
        host = self._host
        for what, name in (("connection id", id), ("environment", environment), ("integration", integration or "-")):
            _check_name(what, name)
        integration = integration or provider
        found = host.catalog.get(provider)
        given = check_input(found, config, credentials)
        before = host.store.connections.find(environment, id, integration)
        merged = {**(before.metadata if before else {}), **(metadata or {})}
        _check_metadata(merged)
        plan_of(found, merged)
        host.registry.check_metadata(provider, merged)
        connection = Connection(found, given.config, _typed(found, given.credentials), merged, id)
        default_headers(connection)  # raises for an auth mode that no call could use
        verified_at = self._verified(connection) if verify else None
        now = host.clock.now()
        host.store.environments.ensure(environment, integration, provider, now=now)
        shown, sealed = self._seal(dumps([environment, integration, id]), connection)
        return host.store.connections.save(
            environment,
            integration,
            id,
            provider=provider,
            connection_config=shown,
            sealed=sealed,
            metadata=metadata or {},
            verified_at=verified_at,
            now=now,
        )

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
        secrets = loads(self._host.vault.open(stored.sealed, context=stored.context))
        config = {**stored.connection_config, **secrets["connection_config"]}
        provider = self._host.catalog.get(stored.provider)
        _check_fits(stored.id, provider, config, secrets["credentials"])
        return Connection(provider, config, secrets["credentials"], stored.metadata, stored.id)

    def set_metadata(
        self,
        environment: str,
        id: str,
        changes: Mapping[str, Any],
        integration: str | None = None,
    ) -> StoredConnection:
        """Lay changes over the metadata; None removes a name. Raises `ConfigError` for what cannot work."""
        stored = self.get(environment, id, integration)
        provider = self._host.catalog.get(stored.provider)

        def change(current: StoredConnection) -> Mapping[str, Any]:
            merged = {**current.metadata, **changes}
            kept = {name: value for name, value in merged.items() if value is not None}
            _check_metadata(kept)
            plan_of(provider, kept)
            self._host.registry.check_metadata(provider.name, kept)
            return kept

        return self._host.store.connections.change_metadata(
            environment, stored.key, change, id=stored.id, integration=stored.integration, now=self._host.clock.now()
        )

    def check(self, environment: str, id: str, integration: str | None = None) -> Verification:
        """Verify the stored credentials now, and remember how it went."""
        from connectors.runtime.verify import check

        stored = self.get(environment, id, integration)
        with self._host.client(stored) as client:
            outcome = check(client)
        self._host.store.connections.checked(
            environment,
            stored.key,
            verified_at=self._host.clock.now() if outcome.ok and outcome.tested else None,
            error=None if outcome.error is None else outcome.error.to_dict(),
        )
        return outcome

    def delete(self, environment: str, id: str, integration: str | None = None) -> dict[str, int]:
        """Delete a connection with its records, runs and files; how many records and runs there were.

        Raises `AlreadyRunning` while one of its syncs runs: that run would write into nothing.
        """
        stored = self.get(environment, id, integration)
        store = self._host.store
        with ExitStack() as leases:
            for run in store.runs.list(environment, stored.key, limit=_RECENT):
                if run["state"] == "running":
                    leases.enter_context(lease(store, environment, stored.key, run["sync"], run["variant"]))
            files = store.files.of_connection(environment, stored.key)
            counts = store.connections.delete(environment, stored.key)
        self._host.files.discard(files)
        return counts

    def rotate(self) -> int:
        """Seal all secrets again with the vault's newest key; how many were under an older one."""
        vault = self._host.sealing_vault()

        def again(sealed: bytes, context: str) -> bytes:
            if vault.key_id_of(sealed) == vault.newest_id:
                return sealed
            return vault.seal(vault.open(sealed, context=context), context=context)

        return self._host.store.connections.reseal(again)

    def _verified(self, connection: Connection) -> float | None:
        from connectors.runtime.verify import check

        with self._host.client_for(connection) as client:
            outcome = check(client)
        if outcome.error is not None:
            raise explained(outcome.error, outcome)
        return self._host.clock.now() if outcome.tested else None

    def _seal(self, context: str, connection: Connection) -> tuple[dict[str, Any], bytes]:
        """The config that may be shown, and everything else sealed."""
        hidden, _ = secret_names(connection.provider)
        config = connection.connection_config
        shown = {name: value for name, value in config.items() if name not in hidden}
        secrets = {
            "credentials": dict(connection.credentials),
            "connection_config": {name: value for name, value in config.items() if name in hidden},
        }
        return shown, self._host.sealing_vault().seal(dumps(secrets).encode(), context=context)


def explained(error: ConnectorError, outcome: Verification) -> ConnectorError:
    """The error of a verification, saying which part of the input is wrong as far as the answer told."""
    error.message = outcome.message
    if outcome.part:
        error.facts = {**error.facts, "part": outcome.part}
        error.next_step = f"Correct {outcome.part} and connect again."
    return error


def _typed(provider: Provider, credentials: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": provider.auth_mode, **credentials}


def _check_fits(id: str, provider: Provider, config: Mapping[str, Any], credentials: Mapping[str, Any]) -> None:
    """Raises `ConfigError` for a connection that was made with another definition of its provider."""
    strange = sorted(config.keys() - provider.connection_config.keys())
    if not strange and credentials.get("type") == provider.auth_mode:
        return
    given = {"connection_config": config, "credentials": credentials}
    lacking = [field.title for field in fields_of(provider) if field.required and field.name not in given[field.group]]
    if lacking:
        raise ConfigError(
            f"{id} was connected with another definition of {provider.name}: this one needs {', '.join(lacking)}.",
            next_step="Give that one again (--providers FILE, or CONNECTORS_PROVIDERS), or connect the account again.",
        )


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    try:
        dumps(metadata)
    except ValueError as error:
        raise InputError(f"The metadata cannot be stored: {error}.", next_step="Give values that JSON has.") from None


def _check_name(what: str, name: str) -> None:
    if not _NAME.match(name):
        raise InputError(
            f"{name[:60]!r} cannot be a {what}",
            next_step=f"A {what} has 1 to 200 characters, no slash or control character, and does not begin blank.",
        )
