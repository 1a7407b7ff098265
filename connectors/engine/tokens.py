"""Stored credentials, renewed by one thread of one process at a time; whoever waited finds the new ones.

The right to renew is held from the last look at the stored credentials until the new ones are
stored: no refresh token is used twice, and the operating system takes it from a process that died.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.engine.connecting import seal
from connectors.engine.leases import renewing
from connectors.engine.store.connections import StoredConnection
from connectors.errors import InputError, RefreshWaits, TokenError
from connectors.runtime.auth.expiry import stored_expiry
from connectors.runtime.auth.renewal import Renewal, Setbacks
from connectors.runtime.connection import Connection

if TYPE_CHECKING:
    from connectors.engine.host import Host

LONGEST_WAIT = 10.0  # seconds for somebody else who is renewing


class StoredTokens:
    """The `Tokens` of a stored connection. All that share its store renew one after the other."""

    def __init__(self, host: Host, stored: StoredConnection) -> None:
        self._host = host
        self._renewal = Renewal(host.exchange, host.clock)
        self._last = stored

    def fresh(self, connection: Connection) -> Connection:
        """See `Tokens`. The connection is read again; raises also UnknownConnection and VaultError."""
        stored, connection = self._read(connection)
        if not self._renewal.due(connection, renewed_at=stored.renewed_at):
            return connection
        return self._renewed(connection, forced=False)

    def renewed(self, refused: Connection) -> Connection:
        """See `Tokens`. Raises as `fresh` does."""
        stored, connection = self._read(refused)
        if connection.credentials != refused.credentials:
            return connection
        if not self._renewal.due(connection, renewed_at=stored.renewed_at, force=True):
            return refused
        return self._renewed(connection, forced=True)

    def renew_now(self, connection: Connection) -> Connection:
        """New credentials whatever the old ones say, and whenever they were renewed or could not be.

        The connection as it is where its auth mode has none to give. Raises as `fresh` does.
        """
        _, connection = self._read(connection)
        if not self._renewal.due(connection, renewed_at=None, force=True):
            return connection
        return self._renewed(connection, forced=True, insist=True)

    def _renewed(self, before: Connection, *, forced: bool, insist: bool = False) -> Connection:
        """Renew, unless somebody else did while this waited for the right to."""
        with renewing(self._host.store, self._last.key, at_most=LONGEST_WAIT) as held:
            stored, connection = self._read(before, anew=True)
            if connection.credentials != before.credentials:
                return connection
            now = self._host.clock.now()
            setbacks = Setbacks(stored.renewal_failed_at, stored.renewal_failed_days)
            if not insist:
                setbacks.check(connection.provider.display_name, now)
            if held:
                return self._renew(stored, connection, setbacks, now)
        if forced or self._renewal.has_expired(connection):
            raise RefreshWaits(
                f"The credentials for {connection.provider.display_name} are being renewed elsewhere.",
                next_step="Try again in a moment.",
                retry_after=1.0,
                reference_code="connection_refresh_backoff",
            )
        return connection

    def _renew(self, stored: StoredConnection, connection: Connection, setbacks: Setbacks, now: float) -> Connection:
        try:
            renewed = self._renewal.renewed(connection)
        except (TokenError, InputError) as error:
            now_too = setbacks.and_now(now)
            told = connection.redactor.data(error.to_dict())
            self._host.store.connections.renewal_failed(stored, failed_at=now, days=now_too.days, error=told)
            self._host.health.refresh_failed(stored, told)
            self._host.metrics.count("connectors_token_renewals_total", provider=stored.provider, ok="false")
            raise
        return self._saved(stored, connection, renewed, now)

    def _saved(self, before: StoredConnection, old: Connection, new: Connection, now: float) -> Connection:
        """Store what came of a renewal, unless the account was connected again meanwhile: that is newer."""
        config, sealed = seal(self._host, before.context, new)
        expiry = stored_expiry(new.credentials, datetime.fromtimestamp(now, UTC)).timestamp()
        while not self._host.store.connections.renewed(
            before, connection_config=config, sealed=sealed, credentials_expires_at=expiry, now=now
        ):
            before, current = self._read(old)
            if current.credentials != old.credentials:
                return current
        self._host.health.refreshed(before)
        self._host.metrics.count("connectors_token_renewals_total", provider=before.provider, ok="true")
        # Without this the next look would take what was just stored for somebody else's.
        self._last = replace(before, sealed=sealed, connection_config=config)
        return new

    def _read(self, connection: Connection, *, anew: bool = False) -> tuple[StoredConnection, Connection]:
        """What is stored now, and the connection it stands for: the same object if nothing of it changed.

        `anew`: look also for what the integration has changed.
        """
        last = self._last
        stored = self._host.store.connections.get(last.environment, last.id, last.integration)
        same = (stored.key, stored.sealed, stored.connection_config, stored.metadata)
        if not anew and same == (last.key, last.sealed, last.connection_config, last.metadata):
            return stored, connection
        self._last = stored
        return stored, connection.followed_by(self._host.connections.open(stored))
