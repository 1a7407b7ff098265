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
# Pages for people: modules of `connectors.server` with the same.
PAGES: tuple[str, ...] = (
    "pages.assets",
    "connect.shell",
    "connect.screens",
    "connect.attempts",
    "dashboard.routes",
    "docs.routes",
)


def endpoints() -> list[Endpoint]:
    """Every endpoint that the server has."""
    server = __name__.rpartition(".")[0]
    modules = (*(f"{__name__}.{name}" for name in MODULES), *(f"{server}.{name}" for name in PAGES))
    return [endpoint for module in modules for endpoint in import_module(module).ENDPOINTS]
