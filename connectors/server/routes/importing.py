"""Accounts whose credentials are known: as clients write them, and as the auth modes take them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.engine.connecting import Wanted, needs_browser
from connectors.engine.end_users import Owner
from connectors.server.contract import Refusal

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.catalog import Provider

_STORED = frozenset({"raw", "expires_at"})  # what a client may send back of what it read
_TOKENS = ("access_token", "oauth_token")  # what a consent brought


def imported(host: Host, environment: str, integration: str, body: Mapping[str, Any], owner: Owner) -> StoredConnection:
    """Connect the account that a body of `POST /connections` describes.

    Raises `Refusal` 400 for credentials of another mode, and as `Connections.connect`.
    """
    provider = host.catalog.get(host.integrations.get(environment, integration).provider)
    given = body["credentials"]
    _check_type(provider, given)
    config = body.get("connection_config", {})
    wanted = {
        "provider": provider.name,
        "id": body.get("connection_id") or str(uuid.uuid4()),
        "integration": integration,
        "config": config,
        "metadata": body.get("metadata") or {},
        "owner": owner,
    }
    if needs_browser(provider, config):
        if not any(isinstance(given.get(name), str) and given[name] for name in _TOKENS):
            raise Refusal.invalid("invalid_body", ["credentials", "access_token"], "is required", kind="invalid_type")
        tokens = {"raw": dict(given), **given}
        return host.connections.adopt(Wanted(environment=environment, **wanted), tokens)
    credentials = {name: value for name, value in given.items() if name != "type" and name not in _STORED}
    return host.connections.connect(environment, **wanted, credentials=credentials)


def _check_type(provider: Provider, given: Mapping[str, Any]) -> None:
    stored_as = {"MCP_OAUTH2": "OAUTH2", "MCP_OAUTH2_GENERIC": "OAUTH2"}.get(provider.auth_mode)
    if given["type"] not in (provider.auth_mode, stored_as):
        raise Refusal.invalid("invalid_body", ["credentials", "type"], f"This provider takes {provider.auth_mode}.")
