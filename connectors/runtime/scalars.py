"""Values as text, the way the reference runtime (JavaScript) writes them into queries and forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text_of(value: Any) -> str:
    """`true`, `null`, `1.5`, the items of a list joined by commas, `[object Object]` for a mapping."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, Mapping):
        return "[object Object]"
    if isinstance(value, (list, tuple)):
        return ",".join("" if item is None else text_of(item) for item in value)
    return str(value)
