"""A client from plain values: no store, no environment, nothing sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.budget import plan_of
from connectors.runtime.catalog import Catalog
from connectors.runtime.client import Client
from connectors.runtime.connection import Connection
from connectors.runtime.fields import check_input
from connectors.runtime.integration import Integration


def connect(
    catalog: Catalog,
    provider: str,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any] | None = None,
    integration: Integration | None = None,
    **options: Any,
) -> Client:
    """A client for one account. `options` are those of `Client`.

    Where the auth mode fetches a token for the credentials, the first call does, and later calls
    renew it in memory; `integration` is what the operator configured (OAuth client, own fields).
    Raises UnknownProvider, and ConfigError with all problems of the values at once. Whether the
    provider accepts the credentials is not asked; `Client.verify` does that.
    """
    definition = catalog.get(provider)
    own = integration or Integration()
    configured = {name for name, value in own.custom.items() if value}
    given = check_input(definition, config, credentials, configured=configured)
    notes = dict(metadata or {})
    plan_of(definition, notes)
    typed = {"type": definition.auth_mode, **given.credentials}
    return Client(Connection(definition, given.config, typed, notes, integration=own), **options)
