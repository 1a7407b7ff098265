"""Environments: who owns integrations and connections, with which keys, and what signs their webhooks."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.engine.names import check_name
from connectors.engine.store.secret_keys import StoredEnvironment, StoredKey, context
from connectors.engine.vault import LOST_KEY
from connectors.errors import InputError, VaultError

if TYPE_CHECKING:
    from connectors.engine.host import Host

# What a secret key may be limited to.
SCOPES = (
    "integrations:read",
    "integrations:write",
    "connections:read",
    "connections:write",
    "credentials:read",
    "sessions:write",
    "proxy",
    "records:read",
    "records:write",
    "syncs:read",
    "syncs:write",
    "actions",
    "files:read",
)
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LONGEST_NAME = 100
_ID_LENGTH = 8  # characters that name a key; they are no part of it


@dataclass(frozen=True)
class MadeKey:
    """A secret key just made. This is the only time that it can be read."""

    id: str
    environment: str
    key: str = field(repr=False)


class Environments:
    """The environments of a host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def create(self, environment: str, *, name: str = "first", scopes: Sequence[str] = ()) -> MadeKey:
        """Make an environment with its first secret key, which it also signs its webhooks with.

        Raises `InputError` if it has a key already; one that the command line made without is given its first.
        """
        check_name("environment", environment)
        if self._host.store.secret_keys.list(environment):
            raise InputError(
                f"The environment {environment!r} has keys already.",
                next_step="Add another one with `connectors env keys`, or replace one with `connectors env rotate`.",
            )
        self._host.store.environments.ensure_environment(environment, now=self._host.clock.now())
        return self._make(environment, name, scopes)

    def add_key(self, environment: str, *, name: str, scopes: Sequence[str] = ()) -> MadeKey:
        """One more secret key. Raises `InputError` for an unknown environment or scope."""
        self._existing(environment)
        return self._make(environment, name, scopes)

    def keys(self, environment: str) -> list[StoredKey]:
        """The secret keys, oldest first, without what could be used. Raises `InputError` for an unknown environment."""
        self._existing(environment)
        return self._host.store.secret_keys.list(environment)

    def rotate(self, environment: str, id: str, *, grace: float = 0.0) -> MadeKey:
        """A new key with the name and the scopes of another, which is refused after `grace` seconds."""
        old = next((key for key in self.keys(environment) if key.id == id), None)
        now = self._host.clock.now()
        if old is None or (old.ends_at is not None and old.ends_at <= now):
            raise _no_key(environment, id)
        made = self._make(environment, old.name, old.scopes)
        self._host.store.secret_keys.end(environment, id, at=now + grace)
        self._host.audit_log.record(environment, "key.rotated", id, by=made.id)
        return made

    def revoke(self, environment: str, id: str) -> None:
        """Refuse a key from now on. Raises `InputError` if there is none of that id."""
        self._existing(environment)
        if not self._host.store.secret_keys.end(environment, id, at=self._host.clock.now()):
            raise _no_key(environment, id)
        self._host.audit_log.record(environment, "key.revoked", id)

    def list(self) -> list[StoredEnvironment]:
        """All environments."""
        return self._host.store.secret_keys.environments(now=self._host.clock.now())

    def has_keys(self) -> bool:
        """Whether any environment has a key that is good now."""
        return any(each.keys for each in self.list())

    def of_key(self, key: str) -> tuple[str, frozenset[str], str] | None:
        """The environment that a secret key acts for, its scopes (none: all) and its id; None for a key nobody has."""
        return self._host.store.secret_keys.find(_hash(key), now=self._host.clock.now())

    def at(self, address: str) -> str | None:
        """The environment whose address for incoming webhooks holds this UUID."""
        return self._host.store.secret_keys.at(address)

    def signing_key(self, environment: str) -> str | None:
        """What the environment signs its webhooks with; None while it has no secret key. Raises `VaultError`."""
        sealed = self._host.store.secret_keys.signing_key(environment)
        if sealed is None:
            return None
        if self._host.vault is None:
            raise VaultError("there is no key for the stored secrets", next_step=LOST_KEY)
        return self._host.vault.open(sealed, context=context(environment)).decode()

    def rotate_signing_key(self, environment: str) -> str:
        """A new signing key, of its own; the secret keys stay. Raises `InputError` for an unknown environment."""
        self._existing(environment)
        key = str(uuid.uuid4())
        self._host.store.secret_keys.set_signing_key(environment, self._sealed(environment, key))
        self._host.audit_log.record(environment, "signing_key.rotated", environment)
        return key

    def _make(self, environment: str, name: str, scopes: Sequence[str]) -> MadeKey:
        _check(name, scopes)
        key, called = str(uuid.uuid4()), uuid.uuid4().hex[:_ID_LENGTH]
        self._host.store.secret_keys.add(
            environment,
            id=called,
            hash=_hash(key),
            name=name,
            scopes=sorted(set(scopes)),
            address=str(uuid.uuid4()),
            signing_key=self._sealed(environment, key),
            now=self._host.clock.now(),
        )
        self._host.audit_log.record(environment, "key.created", called)
        return MadeKey(called, environment, key)

    def _sealed(self, environment: str, key: str) -> bytes:
        return self._host.sealing_vault().seal(key.encode(), context=context(environment))

    def _existing(self, environment: str) -> None:
        if not any(known.name == environment for known in self.list()):
            raise InputError(
                f"There is no environment {environment!r}.", next_step="Make it with `connectors env create NAME`."
            )


def is_key(text: str) -> bool:
    """Whether a text has the form of a secret key: a UUID of version 4."""
    return _UUID4.fullmatch(text.lower()) is not None


def _hash(key: str) -> bytes:
    # A key is 122 random bits: nothing slower than one round of SHA-256 is needed.
    return hashlib.sha256(key.lower().encode()).digest()


def _check(name: str, scopes: Sequence[str]) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"The name of a key has to be printable text of at most {_LONGEST_NAME} characters.")
    for scope in scopes:
        if scope not in SCOPES:
            raise InputError(f"{scope[:60]!r} is no scope.", next_step=f"Choose among {', '.join(SCOPES)}.")


def _no_key(environment: str, id: str) -> InputError:
    return InputError(
        f"The environment {environment!r} has no key {id[:60]!r} that is good now.",
        next_step="See `connectors env keys`.",
    )
