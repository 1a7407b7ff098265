"""One attempt to connect an account from a customer's page: within its session, in the order that clients rely on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.engine.sessions import ConnectSession
from connectors.errors import UnknownIntegration
from connectors.runtime.auth.request_params import config_of
from connectors.server.contract import Refusal

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.catalog import Provider
    from connectors.server.contract import Call


@dataclass(frozen=True, repr=False)
class Attempt:
    """What is to be connected, and for whom."""

    host: Host
    session: ConnectSession
    key: str  # of the integration
    provider: Provider
    id: str  # of the connection
    config: Mapping[str, Any]
    defaults: Mapping[str, Any]  # what the session says about this integration

    @classmethod
    def of(cls, call: Call, modes: Collection[str], *, sent: Mapping[str, str] | None = None) -> Attempt:
        """The attempt that a call makes. `sent`: connection_config, where it is not in the query.

        Raises `Refusal`: an own connection id 400, an unknown integration 404, another auth mode
        400, one that the session does not allow 400.
        """
        session = call.session
        assert session is not None
        if "connection_id" in call.query:
            words = "A connect session chooses the connection's id."
            raise Refusal.invalid("invalid_query_params", ["connection_id"], words)
        key = call.path["key"]
        try:
            integration = call.host.integrations.get(call.environment, key)
        except UnknownIntegration:
            raise Refusal(404, "unknown_provider_config", "There is no such integration.") from None
        provider = call.host.catalog.get(integration.provider)
        if provider.auth_mode not in modes:
            raise Refusal(400, "invalid_auth_mode", f"{provider.display_name} is not connected in this way.")
        if not session.allows(key):
            raise Refusal(400, "integration_not_allowed", "The session does not allow this integration.")
        defaults: Mapping[str, Any] = session.terms.defaults.get(key, {})
        given = call.query.get("params") if sent is None else sent
        config = {**config_of(given), **defaults.get("connection_config", {})}
        return cls(call.host, session, key, provider, session.terms.connection or str(uuid.uuid4()), config, defaults)

    def connect(
        self, credentials: Mapping[str, Any], assertion_option: Mapping[str, Any] | None = None
    ) -> StoredConnection:
        """Connect without a browser. Raises as `Connections.connect`."""
        return self.host.connections.connect(
            self.session.environment,
            provider=self.provider.name,
            id=self.id,
            integration=self.key,
            config=self.config,
            credentials=credentials,
            assertion_option=assertion_option,
            owner=self.session.terms.owner,
        )
