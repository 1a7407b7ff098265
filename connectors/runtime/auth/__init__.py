"""How credentials come to be and where they stand in a request: one file per auth mode."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from connectors.errors import UnsupportedAuthMode
from connectors.runtime.auth.flow import AuthMode, BrowserMode
from connectors.runtime.catalog import Provider

MODES: Mapping[str, str] = {
    "API_KEY": "api_key",
    "APP": "app",
    "AWS_SIGV4": "aws_sigv4",
    "BASIC": "basic",
    "BILL": "bill",
    "CUSTOM": "custom",
    "INSTALL_PLUGIN": "install_plugin",
    "JWT": "jwt",
    "MCP_OAUTH2": "mcp_oauth2",
    "MCP_OAUTH2_GENERIC": "mcp_oauth2_generic",
    "NONE": "none",
    "OAUTH1": "oauth1",
    "OAUTH2": "oauth2",
    "OAUTH2_CC": "oauth2_cc",
    "SIGNATURE": "signature",
    "TBA": "tba",
    "TWO_STEP": "two_step",
}
BROWSER_MODES = frozenset({"APP", "CUSTOM", "INSTALL_PLUGIN", "MCP_OAUTH2", "MCP_OAUTH2_GENERIC", "OAUTH1", "OAUTH2"})


def mode_of(provider: Provider) -> AuthMode:
    """The provider's auth mode. Raises UnsupportedAuthMode for one that does not exist."""
    name = MODES.get(provider.auth_mode)
    if name is None:
        raise UnsupportedAuthMode(
            f"{provider.name} uses auth mode {provider.auth_mode[:40]!r}, which does not exist.", provider=provider.name
        )
    return cast(AuthMode, import_module(f"{__name__}.{name}"))


def browser_mode_of(provider: Provider) -> BrowserMode:
    """The provider's auth mode, if a person has to consent in a browser. Raises UnsupportedAuthMode if not."""
    if provider.auth_mode not in BROWSER_MODES:
        raise UnsupportedAuthMode(
            f"{provider.name} uses auth mode {provider.auth_mode[:40]!r}, which needs no browser.",
            next_step="Connect it with its credentials.",
            provider=provider.name,
        )
    return cast(BrowserMode, mode_of(provider))
