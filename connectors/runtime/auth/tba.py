"""TBA: NetSuite's token-based authentication. Every call is signed with a token and a consumer; nothing expires."""

from __future__ import annotations

from typing import Any

from connectors.errors import IntegrationIncomplete
from connectors.runtime.auth.flow import Ask, Flow, Grant
from connectors.runtime.auth.keys import as_submitted as refresh
from connectors.runtime.auth.oauth2_client import ID_OVERRIDE, SECRET_OVERRIDE
from connectors.runtime.auth.submitted import submitted

__all__ = ["acquire", "refresh"]

_ID, _SECRET = "oauth_client_id", "oauth_client_secret"  # where signing finds the consumer, in connection_config


def acquire(ask: Ask) -> Flow:
    """No request. The integration's consumer is kept with the connection, beside one of the connection's own.

    Raises ConfigError for a missing token, IntegrationIncomplete if there is no consumer to sign with.
    """
    yield from ()
    given = submitted(ask, "token_id", "token_secret")
    overrides = {"client_id": ask.credentials.get(ID_OVERRIDE), "client_secret": ask.credentials.get(SECRET_OVERRIDE)}
    own = {name: value for name, value in overrides.items() if value}
    config: dict[str, Any] = {
        _ID: ask.integration.client_id or ask.connection_config.get(_ID),
        _SECRET: ask.integration.client_secret or ask.connection_config.get(_SECRET),
    }
    consumer = {name: value for name, value in config.items() if value}
    if not (own.get("client_id") or _ID in consumer) or not (own.get("client_secret") or _SECRET in consumer):
        raise IntegrationIncomplete(
            f"{ask.provider.display_name} signs requests with a consumer key and secret, and there are none.",
            next_step="Give the integration its client id and secret, or the connection its own.",
            provider=ask.provider.name,
            reference_code="missing_client_secret" if ask.integration.client_id else "missing_client_id",
        )
    return Grant({"type": "TBA", **given, "config_override": own}, consumer)
