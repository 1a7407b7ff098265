"""NONE: a provider that asks for no credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def headers(credentials: Mapping[str, Any]) -> dict[str, str]:
    """No header."""
    del credentials
    return {}
