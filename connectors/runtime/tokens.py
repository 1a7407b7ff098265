"""The credentials of a client whose host stores none: acquired at the first call, renewed in memory."""

from __future__ import annotations

import threading

from connectors.errors import InputError, TokenError
from connectors.runtime.auth.renewal import Renewal, Setbacks
from connectors.runtime.connection import Connection
from connectors.runtime.ports import Tokens


class MemoryTokens:
    """Tokens of one connection, in this process only. One thread at a time renews."""

    def __init__(self, renewal: Renewal) -> None:
        self._renewal = renewal
        self._lock = threading.Lock()
        self._latest: Connection | None = None
        self._renewed_at: float | None = None
        self._setbacks = Setbacks()

    def fresh(self, connection: Connection) -> Connection:
        """See `Tokens`. Submitted credentials are turned into usable ones; raises also what that raises."""
        if not self._is_due(self._latest or connection):
            return self._latest or connection
        with self._lock:
            latest = self._latest or connection
            return self._renew(latest) if self._is_due(latest) else latest

    def renewed(self, refused: Connection) -> Connection:
        """See `Tokens`."""
        with self._lock:
            latest = self._latest or refused
            if latest.credentials != refused.credentials:
                return latest
            due = self._renewal.due(latest, renewed_at=self._renewed_at, force=True)
            return self._renew(latest) if due else refused

    def _is_due(self, connection: Connection) -> bool:
        renewal = self._renewal
        submitted = self._latest is None and renewal.lacks_token(connection)
        return submitted or renewal.due(connection, renewed_at=self._renewed_at)

    def _renew(self, connection: Connection) -> Connection:
        renewal, now = self._renewal, self._renewal.clock.now()
        self._setbacks.check(connection.provider.display_name, now)
        submitted = self._latest is None and renewal.lacks_token(connection)
        try:
            self._latest = renewal.acquired(connection) if submitted else renewal.renewed(connection)
        except (TokenError, InputError):
            self._setbacks = self._setbacks.and_now(now)
            raise
        self._setbacks, self._renewed_at = Setbacks(), now
        return self._latest


class Unchanging:
    """Tokens of a connection whose credentials are used as they are."""

    def fresh(self, connection: Connection) -> Connection:
        """The same connection."""
        return connection

    def renewed(self, refused: Connection) -> Connection:
        """There are no others."""
        return refused


class Account:
    """The connection of a client, as it is at the moment."""

    def __init__(self, connection: Connection, tokens: Tokens) -> None:
        self.connection = connection
        self._tokens = tokens

    def fresh(self) -> Connection:
        """The connection for an attempt that begins now. Raises as `Tokens.fresh`."""
        self.connection = self._tokens.fresh(self.connection)
        return self.connection

    def renewed(self, refused: Connection) -> Connection:
        """The connection after its credentials were refused. Raises as `Tokens.renewed`."""
        self.connection = self._tokens.renewed(refused)
        return self.connection
