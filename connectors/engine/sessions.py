"""Connect sessions: a customer may connect accounts for half an hour, within what the session allows."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.engine.end_users import Owner
from connectors.engine.store.connect_sessions import context
from connectors.engine.vault import LOST_KEY
from connectors.errors import VaultError
from connectors.runtime.canonical import dumps, loads

if TYPE_CHECKING:
    from connectors.engine.host import Host

LIFE = 1800.0  # seconds
PREFIX = "nango_connect_session_"
_TOKEN = re.compile(PREFIX + r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, repr=False)
class Terms:
    """What a session was made with."""

    owner: Owner = field(default_factory=Owner)
    allowed: Sequence[str] | None = None  # unique keys of integrations; None: all
    defaults: Mapping[str, Any] = field(default_factory=dict)  # by key: connection_config, user_scopes, …
    overrides: Mapping[str, Any] = field(default_factory=dict)  # by key: docs_connect
    connection: str | None = None  # the id that is connected again
    integration: str | None = None  # its integration


@dataclass(frozen=True, repr=False)
class ConnectSession:
    """A session that is good now."""

    environment: str
    terms: Terms
    expires_at: float  # Unix time

    def allows(self, integration: str) -> bool:
        """Whether accounts of that integration may be connected."""
        return self.terms.allowed is None or integration in self.terms.allowed


@dataclass(frozen=True)
class MadeSession:
    """A session just made. This is the only time that its token can be read."""

    expires_at: float
    token: str = field(repr=False)


class Sessions:
    """The connect sessions of a host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def create(self, environment: str, terms: Terms) -> MadeSession:
        """Begin a session."""
        token = PREFIX + secrets.token_hex(32)
        now, hash_ = self._host.clock.now(), _hash(token)
        sealed = self._host.sealing_vault().seal(dumps(asdict(terms)).encode(), context=context(environment, hash_))
        self._host.store.connect_sessions.add(environment, hash=hash_, sealed=sealed, now=now, expires_at=now + LIFE)
        return MadeSession(now + LIFE, token)

    def get(self, token: str) -> ConnectSession | None:
        """The session of that token; None if there is none, or its time is over. Raises `VaultError`."""
        stored = self._host.store.connect_sessions.find(_hash(token), now=self._host.clock.now())
        if stored is None:
            return None
        if self._host.vault is None:
            raise VaultError("there is no key for the stored secrets", next_step=LOST_KEY)
        given = loads(self._host.vault.open(stored.sealed, context=stored.context))
        terms = Terms(**{**given, "owner": Owner(**given["owner"])})
        return ConnectSession(stored.environment, terms, stored.expires_at)

    def end(self, token: str) -> None:
        """End a session before its time."""
        self._host.store.connect_sessions.end(_hash(token))


def is_token(text: str) -> bool:
    """Whether a text has the form of a session's token."""
    return _TOKEN.match(text) is not None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
