"""What a caller may hand in with a request to connect: `params[…]` and `authorization_params[…]` of its query.

The rules are the reference runtime's (docs/compatibility.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OURS = "webhook_url"  # never a value of the connection
_TAKEN_AWAY = "undefined"  # how a browser writes "leave this parameter out"


def config_of(params: Any) -> dict[str, str]:
    """The connection_config in `params`: its texts. Whatever else was sent is left out."""
    return {name: value for name, value in _texts(params).items() if name != _OURS}


def authorization_params_of(params: Any) -> dict[str, str | None]:
    """Request-time parameters of an authorization URL (`Consent.params`); None for one to be left out."""
    return {name: None if value == _TAKEN_AWAY else value for name, value in _texts(params).items()}


def _texts(params: Any) -> dict[str, str]:
    entries = params.items() if isinstance(params, Mapping) else ()
    return {name: value for name, value in entries if isinstance(value, str)}
