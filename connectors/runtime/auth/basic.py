"""BASIC: user name and password in the Authorization header (RFC 7617, UTF-8)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth.keys import as_submitted as acquire
from connectors.runtime.auth.keys import as_submitted as refresh

__all__ = ["acquire", "basic", "headers", "refresh"]


def headers(credentials: Mapping[str, Any]) -> dict[str, str]:
    """`Authorization: Basic …`; a user name or password that is missing counts as empty."""
    user, password = (str(credentials.get(name) or "") for name in ("username", "password"))
    return {"authorization": basic(user, password)}


def basic(user: str, password: str) -> str:
    """The value `Basic …`; half a surrogate pair, which nothing can send, becomes a question mark."""
    octets = f"{user}:{password}".encode("utf-8", "replace")
    return f"Basic {base64.b64encode(octets).decode('ascii')}"
