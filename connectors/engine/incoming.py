"""Webhooks from providers: who sent them, which of them are new, and which syncs they ask for.

An event is believed no further than that: it makes a sync read ids, with the connection's own credentials.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.authoring import Event
from connectors.errors import InputError, InvalidEvent, UnknownWebhook

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

USER = "connectors"  # the name that a provider logs in with; any other does as well
_SECRET_BYTES = 32
_MOST_EVENTS = 100  # of one request


@dataclass(frozen=True)
class Address:
    """Where a provider sends its events. Shown once: the store keeps only a hash of the secret."""

    path: str  # for a provider that logs in with user name and password
    secret_path: str = field(repr=False)  # for one that cannot: the secret is part of it
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Received:
    """What became of a request."""

    events: int  # that it held
    duplicates: int  # of them, that came a moment ago
    syncs: Sequence[str]  # that were asked for


class Incoming:
    """What providers send to a host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def address(self, environment: str, connection_id: str, integration: str | None = None) -> Address:
        """A new address for a provider to send a connection's events to; those made before stay good.

        Raises `UnknownConnection`, and `InvalidEvent` where the provider's connector reads no events.
        """
        stored = self._host.connections.get(environment, connection_id, integration)
        if self._host.registry.events(stored.provider) is None:
            raise InvalidEvent(f"the connector of {stored.provider} reads no events")
        path = f"/webhook/{self._address(environment)}/{quote(stored.integration, safe='')}"
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        now = self._host.clock.now()
        self._host.store.incoming.add_path(environment, stored.key, hash=_hash(secret), now=now)
        self._host.audit_log.record(environment, "webhook.address_made", f"{stored.integration}/{stored.id}")
        return Address(path, f"{path}/{secret}", USER, secret)

    def revoke(self, environment: str, connection_id: str, integration: str | None = None) -> int:
        """Refuse all addresses of a connection from now on; how many there were."""
        stored = self._host.connections.get(environment, connection_id, integration)
        dropped = self._host.store.incoming.drop_paths(environment, stored.key)
        self._host.audit_log.record(environment, "webhook.addresses_revoked", f"{stored.integration}/{stored.id}")
        return dropped

    def receive(
        self, address: str, integration: str, headers: Mapping[str, str], body: bytes, *, secret: str | None = None
    ) -> Received:
        """Take a request: `address` is the UUID in its path, `secret` the part after the integration, if any.

        Raises `UnknownWebhook` for who does not log in with a secret that was given out for a
        connection of that integration, and `InvalidEvent` for a body that holds no event.
        """
        stored = self._sender(address, integration, secret or _password(headers))
        read = self._host.registry.events(stored.provider)
        if read is None:
            raise InvalidEvent(f"the connector of {stored.provider} reads no events")
        events = list(read(body, headers))[:_MOST_EVENTS]
        self._host.metrics.count("connectors_events_total", len(events), provider=stored.provider)
        known = {sync.name for sync in self._host.registry.syncs(stored.provider)}
        fresh = [event for event in events if self._take(stored, event, known)]
        wanted = sorted({event.sync for event in fresh if event.sync in known})
        if fresh and self._host.integrations.get(stored.environment, stored.integration).forward_webhooks:
            self._host.outgoing.forward(stored, _payload(body), headers)
        return Received(len(events), len(events) - len(fresh), wanted)

    def _address(self, environment: str) -> str:
        """The UUID of an environment. Raises `InputError` if it has no key yet."""
        for known in self._host.environments.list():
            if known.name == environment and known.id is not None:
                return known.id
        raise InputError(
            f"The environment {environment!r} has no secret key yet, so no server serves it.",
            next_step="Make one with `connectors env create`.",
        )

    def _sender(self, address: str, integration: str, secret: str | None) -> StoredConnection:
        environment = self._host.environments.at(address)
        if environment is not None and secret is not None:
            found = self._host.store.incoming.find(environment, integration, hash=_hash(secret))
            if found is not None:
                return self._host.connections.get(environment, found, integration)
        raise UnknownWebhook("this address is not one that was given out, or its login is wrong")

    def _take(self, stored: StoredConnection, event: Event, known: Collection[str]) -> bool:
        """Ask for what the event is about, if a sync is; False if the same event came a moment ago."""
        now = self._host.clock.now()
        noted = (event.key, now + event.window) if event.key and event.window > 0 else None
        if event.sync is not None and event.sync in known:
            return self._host.schedules.want(stored, event.sync, event.ids, event=noted)
        if noted is None:
            return True
        return self._host.store.incoming.note_event(
            stored.environment, stored.key, event.key, now=now, until=now + event.window
        )


def _password(headers: Mapping[str, str]) -> str | None:
    """The password of a login, whatever the name."""
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, text = given.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if colon else None


def _payload(body: bytes) -> Any:
    """What is passed on; the connector has read it as JSON already."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except ValueError:
        return None


def _hash(secret: str) -> bytes:
    # A secret is 256 random bits: nothing slower than one round of SHA-256 is needed.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
