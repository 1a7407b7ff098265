"""All endpoints, in the order of the API reference."""

from __future__ import annotations

from importlib import import_module

from connectors.server.contract import Endpoint

# A file of this folder with a tuple `ENDPOINTS`.
MODULES: tuple[str, ...] = (
    "system",
    "providers",
    "integrations",
    "functions",
    "metadata",
    "connections",
    "old_names",
    "connect_sessions",
    "auth",
    "oauth",
    "proxy",
    "records",
    "syncs",
    "sync_settings",
    "actions",
    "by_endpoint",
    "files",
    "scripts",
    "webhooks",
    "metrics",
)


def endpoints() -> list[Endpoint]:
    """Every endpoint that the server has."""
    return [endpoint for module in MODULES for endpoint in import_module(f"{__name__}.{module}").ENDPOINTS]
