"""A client of our own at providers that register clients by themselves (RFC 7591)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.engine.connecting import Ready
from connectors.runtime.template import Moment

if TYPE_CHECKING:
    from connectors.engine.host import Host

CLIENT_NAME = "Connectors"  # what a person reads on the provider's page


def with_client(host: Host, ready: Ready, callback_url: str) -> Ready:
    """The same with a client that is registered now, if the integration lacks one and the provider gives them away.

    The client is kept with the integration: it is for this callback address. Raises `TokenRefused`,
    `TokenUnusable` and as `Host.exchange`.
    """
    if ready.provider.auth_mode != "MCP_OAUTH2" or ready.integration.client_id:
        return ready
    from connectors.runtime.auth.mcp_oauth2 import register, registration_of

    ask = ready.ask(Moment.at(host.clock.now()))
    if registration_of(ask) != "dynamic":
        return ready
    client = host.exchange(register(ask, callback_url, CLIENT_NAME), ask)
    place = (ready.wanted.environment, ready.wanted.integration)
    host.store.environments.ensure(*place, ready.provider.name, now=host.clock.now(), scopes=ready.integration.scopes)
    host.integrations.update(*place, client_id=client.id, client_secret=client.secret, only_without_client=True)
    return replace(ready, integration=host.integrations.of(*place, ready.provider.name))
