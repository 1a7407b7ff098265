"""Apps that people install at the provider's own site: its webhook completes the connection that waits for it.

The connection was made first and is pending. The webhook is believed because it is signed with the
integration's client secret, and it is for the connection that names the person who installed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.engine.connecting import Wanted, acquire, finish, prepare
from connectors.engine.end_users import Owner
from connectors.errors import InvalidEvent, UnknownIntegration, UnknownWebhook
from connectors.runtime.auth.flow import Callback
from connectors.runtime.auth.metadata import at
from connectors.runtime.auth.oauth2 import is_installed_outside
from connectors.runtime.canonical import loads

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.catalog import Provider

_CODE = "authorization_code_param_in_webhook"  # of a definition: where the code is in the body


@dataclass(frozen=True)
class _Route:
    """How a provider's installation webhook is read."""

    signature: str  # header with the HMAC-SHA256 of the body under the client secret, in hexadecimal
    who: str  # dotted path in the body: who installed
    field: str  # of the connection's config: who was going to


_ROUTES: Mapping[object, _Route] = {  # by a definition's `webhook_routing_script`
    "sentryOauthWebhookRouting": _Route("sentry-hook-signature", "actor.id", "actor")
}


def is_for_installations(host: Host, address: str, integration: str) -> bool:
    """Whether what comes for that integration of that environment's address completes installations."""
    environment = host.environments.at(address)
    if environment is None:
        return False
    try:
        stored = host.integrations.get(environment, integration)
    except UnknownIntegration:
        return False
    return is_installed_outside(host.catalog.get(stored.provider))


def complete(
    host: Host, address: str, integration: str, headers: Mapping[str, str], body: bytes, *, callback_url: str
) -> StoredConnection | None:
    """Take an installation webhook; the connection that it completed, None if it completes none.

    `headers` have names in lower case, `callback_url` is the one that is registered with the
    provider. Raises `UnknownWebhook` for one without the right signature, `InvalidEvent` for a body
    that is no JSON object, and what exchanging the code raises.
    """
    environment = host.environments.at(address)
    if environment is None:
        raise UnknownWebhook("this address is not one that was given out")
    stored = host.integrations.get(environment, integration)
    provider = host.catalog.get(stored.provider)
    route = _ROUTES.get(provider.definition.get("webhook_routing_script"))
    if route is None:
        raise UnknownWebhook(f"nobody knows how {provider.display_name} signs its webhooks")
    secret = host.integrations.open(stored).client_secret
    _check_signature(secret, headers.get(route.signature, ""), body)
    event = _read(body)
    if not _has_code(provider, event):
        return None
    waiting = _waiting(host, environment, integration, route.field, at(event, route.who))
    return None if waiting is None else _completed(host, waiting, event, callback_url)


def _check_signature(secret: str, given: str, body: bytes) -> None:
    """Raises `UnknownWebhook`."""
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(right.encode(), given.strip().lower().encode("utf-8", "replace")):
        raise UnknownWebhook("its signature is not the one of this integration's client secret")


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        event = loads(body)
    except ValueError:
        event = None
    if not isinstance(event, Mapping):
        raise InvalidEvent("the body is no JSON object")
    return event


def _has_code(provider: Provider, event: Mapping[str, Any]) -> bool:
    path = provider.definition.get(_CODE)
    return isinstance(path, str) and isinstance(at(event, path), str)


def _waiting(host: Host, environment: str, integration: str, field: str, who: Any) -> StoredConnection | None:
    """The newest pending connection of who installed."""
    if not isinstance(who, str | int) or isinstance(who, bool):
        return None
    named = [each for each in host.connections.list(environment) if each.integration == integration]
    own = [each for each in named if str(each.connection_config.get(field, "")) == str(who)]
    for each in sorted(own, key=lambda found: found.created_at, reverse=True):
        if host.connections.open(each).credentials.get("pending"):
            return each
    return None


def _completed(host: Host, waiting: StoredConnection, event: Mapping[str, Any], callback_url: str) -> StoredConnection:
    wanted = Wanted(
        environment=waiting.environment,
        provider=waiting.provider,
        id=waiting.id,
        integration=waiting.integration,
        config=host.connections.open(waiting).connection_config,
        owner=Owner(),
    )
    ready = prepare(host, wanted)
    return finish(host, ready, acquire(host, ready, Callback({}, callback_url, {}, webhook=event)))
