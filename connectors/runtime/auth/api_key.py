"""API_KEY: the definition's headers, query or body say where the key stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def headers(credentials: Mapping[str, Any]) -> dict[str, str]:
    """No header by itself."""
    del credentials
    return {}
