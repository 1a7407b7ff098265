"""Consent: a browser goes to the provider's page and comes back, once, to the connection it was sent for."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from connectors.engine.connecting import Wanted, acquire, finish, prepare
from connectors.engine.end_users import NOBODY, Owner
from connectors.engine.registration import with_client
from connectors.engine.store.connections import StoredConnection
from connectors.engine.store.consents import StoredConsent, context
from connectors.errors import ConsentRefused
from connectors.runtime.auth import browser_mode_of
from connectors.runtime.auth.flow import Callback, Consent
from connectors.runtime.auth.request_params import authorization_params_of
from connectors.runtime.canonical import dumps, loads
from connectors.runtime.template import Moment

if TYPE_CHECKING:
    from connectors.engine.host import Host

LIFE = 900.0  # seconds from the start to the browser's return
_STATE_BYTES = 32
_LONGEST_STATE = 500  # characters that are looked at
_SHOWN = 200  # characters of what a provider says
_DENIED = ("denied", "error")  # callback parameters that say no (OAuth 1.0a, RFC 6749 section 4.1.2.1)


@dataclass(frozen=True, repr=False)
class Begun:
    """A consent that waits for its browser."""

    url: str  # where to send the browser; it holds the state
    state: str  # comes back with the callback; whoever has it can finish
    expires_at: float  # Unix time


class Consents:
    """Connecting accounts whose provider asks a person in a browser."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def begin(
        self,
        environment: str,
        *,
        provider: str,
        id: str,
        callback_url: str,
        config: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        integration: str | None = None,
        params: Mapping[str, str] | None = None,
        life: float = LIFE,
        owner: Owner = NOBODY,
    ) -> Begun:
        """The address to send a browser to; it is good once, for `life` seconds.

        `callback_url` is the address that is registered with the provider, `params` are further
        parameters of the authorization URL (the text "undefined" leaves one out). Everything is
        checked as `Connections.connect` does it, before anything is sent. Where the provider
        registers clients by itself and the integration has none, one is registered for this
        callback address and kept. Raises as `Connections.connect`, and `UnsupportedAuthMode` for a
        mode that needs no browser.
        """
        wanted = Wanted(
            environment=environment,
            provider=provider,
            id=id,
            integration=integration or provider,
            config=config or {},
            credentials=credentials or {},
            metadata=metadata or {},
            owner=owner,
        )
        host, now = self._host, self._host.clock.now()
        mode = browser_mode_of(host.catalog.get(provider))
        ready = with_client(host, prepare(host, wanted), callback_url)
        state = secrets.token_urlsafe(_STATE_BYTES)
        consent = Consent(callback_url=callback_url, state=state, params=authorization_params_of(params))
        ask = ready.ask(Moment.at(now))
        redirect = host.exchange(mode.begin(ask, consent), ask)
        kept = {
            "provider": provider,
            "config": dict(wanted.config),
            "credentials": dict(wanted.credentials),
            "metadata": dict(wanted.metadata),
            "owner": asdict(owner),
            "callback_url": callback_url,
            "remembered": dict(redirect.remember),
        }
        place = context(environment, wanted.integration, id, _hash(state))
        host.store.consents.add(
            environment,
            integration=wanted.integration,
            id=id,
            state=_hash(state),
            sealed=host.sealing_vault().seal(dumps(kept).encode(), context=place),
            now=now,
            expires_at=now + life,
        )
        return Begun(redirect.url, state, now + life)

    def finish(
        self,
        state: str,
        params: Mapping[str, str],
        *,
        verify: bool = True,
    ) -> StoredConnection:
        """Connect what the consent of that state was begun for, with what the browser brought.

        `params` is the query of the callback. Raises `ConsentRefused` for a state that is unknown,
        used or too old, and where the provider said no; else as `Connections.connect`. The state
        is used up by any of these.
        """
        stored = self._host.store.consents.take(_hash(state[:_LONGEST_STATE]))
        kept = self._opened(stored)
        if stored is None or kept is None:
            raise ConsentRefused("This return from the provider's page belongs to no request of ours.")
        _check_consented(params)
        ready = prepare(self._host, _wanted(stored, kept))
        callback = Callback(params, kept["callback_url"], kept["remembered"])
        return finish(self._host, ready, acquire(self._host, ready, callback), verify=verify)

    def _opened(self, stored: StoredConsent | None) -> dict[str, Any] | None:
        """What was remembered; None for a state that nobody gave out. Raises `ConsentRefused`."""
        if stored is None or self._host.vault is None:
            return None
        if stored.sealed is None:
            raise ConsentRefused("This return from the provider's page was used already.")
        if stored.expires_at <= self._host.clock.now():
            raise ConsentRefused("The consent came too late.")
        opened: dict[str, Any] = loads(self._host.vault.open(stored.sealed, context=stored.context))
        return opened


def _check_consented(params: Mapping[str, str]) -> None:
    """Raises `ConsentRefused` if the provider sent the browser back with a no."""
    name = next((name for name in _DENIED if params.get(name)), None)
    if name is None:
        return
    said = params.get("error_description") or (params[name] if name == "error" else "")
    raise ConsentRefused(
        f"The provider sent the browser back without consent{f': {said[:_SHOWN]}' if said else '.'}",
        reason=params[name][:_SHOWN] if name == "error" else "denied",
    )


def _wanted(stored: StoredConsent, kept: Mapping[str, Any]) -> Wanted:
    return Wanted(
        environment=stored.environment,
        provider=kept["provider"],
        id=stored.id,
        integration=stored.integration,
        config=kept["config"],
        credentials=kept["credentials"],
        metadata=kept["metadata"],
        owner=Owner(**kept.get("owner", {})),
    )


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).digest()
