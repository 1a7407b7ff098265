"""What may stand in a request's JSON body: each key has a kind, and everything else is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

from .exchange import Refusal


def is_integer(value: Any) -> bool:
    """A whole number from 0, or its digits."""
    return type(value) is not bool and str(value).isdecimal() and str(value).isascii() and len(str(value)) < 19


def _is_key(value: Any) -> bool:
    return is_integer(value) or str(value).startswith("UUID-")


def _is_xml(value: Any) -> bool:
    """The service checks against DocBook; this checks that it is XML at all."""
    try:
        return isinstance(value, str) and bool(expat.ParserCreate().Parse(value, True))
    except (expat.ExpatError, ValueError):
        return False


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "list": lambda value: isinstance(value, list),
    "integer": is_integer,
    "integer or null": lambda value: value is None or is_integer(value),
    "boolean": lambda value: str(value).lower() in ("true", "false"),
    "key": _is_key,  # an id or a UUID
    "keys": lambda value: isinstance(value, list) and all(_is_key(item) for item in value),
    "xml": _is_xml,
    "attributes": lambda value: (
        isinstance(value, list) and all(isinstance(item, dict) and item.keys() <= {"name", "value"} for item in value)
    ),
}
Body = Mapping[str, str | tuple[str, ...]]  # key → a kind, or the texts it may be


def read(body: bytes, keys: Body | None, required: tuple[str, ...]) -> dict[str, Any]:
    """The JSON body, every key known and of its kind; without keys, none is read. Raises Refusal 422."""
    try:
        given = json.loads(body or b"{}") if keys is not None else {}
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refusal(422, "Invalid request body")
    for key, value in given.items():
        kind = (keys or {}).get(key, ())
        if not (value in kind if isinstance(kind, tuple) else KINDS[kind](value)):
            raise Refusal(422, f"Invalid request body: {key}")
    if missing := [key for key in required if key not in given]:
        raise Refusal(422, f"Invalid request body: {', '.join(missing)} missing")
    return given
