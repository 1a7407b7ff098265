"""The fields that actions take: each a name's JSON Schema fragment, and whether it has to be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_UUID = "UUID-[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
LATEST = 253_402_300_799  # unix seconds at the end of the year 9999
LONGEST_WAIT = 24 * 3600  # seconds
KEY: Mapping[str, Any] = {
    "type": ["integer", "string"],
    "minimum": 1,
    "maximum": 10**18 - 1,
    "pattern": f"^([1-9][0-9]{{0,17}}|{_UUID})$",
    "x-expected": "an id or UUID",
}


@dataclass(frozen=True)
class Field:
    """One field of an action's input."""

    schema: Mapping[str, Any]
    required: bool = False

    @property
    def needed(self) -> Field:
        """The same field, which has to be given."""
        return replace(self, required=True)


def text(title: str, description: str, *, empty: bool = False) -> Field:
    """Any text, of at least one character unless it may be `empty`."""
    return Field(_told(title, description, {"type": "string"} if empty else {"type": "string", "minLength": 1}))


def whole(title: str, description: str, *, least: int = 0, most: int | None = None) -> Field:
    """A whole number."""
    top = {} if most is None else {"maximum": most}
    return Field(_told(title, description, {"type": "integer", "minimum": least, **top}))


def time(title: str, description: str) -> Field:
    """A time in Unix seconds."""
    return whole(title, f"{description} Unix seconds.", most=LATEST)


def flag(title: str, description: str) -> Field:
    """Yes or no."""
    return Field(_told(title, description, {"type": "boolean"}))


def choice(title: str, description: str, *values: Any) -> Field:
    """One of these values."""
    return Field(_told(title, description, {"enum": list(values)}))


def key(title: str, description: str) -> Field:
    """An id, as a whole number or its digits, or a UUID."""
    return Field(_told(title, description, KEY))


def keys(title: str, description: str) -> Field:
    """A list of ids or UUIDs; it may be empty."""
    return Field(_told(title, description, {"type": "array", "items": KEY, "maxItems": 10_000}))


def key_or_keys(title: str, description: str) -> Field:
    """One id or UUID, or a list of at least one."""
    several = {"type": "array", "items": KEY, "minItems": 1, "maxItems": 10_000}
    return Field(_told(title, description, {"anyOf": [KEY, several]}))


def texts(title: str, description: str, *, least: int = 1) -> Field:
    """A list of texts."""
    items = {"type": "string", "minLength": 1}
    return Field(_told(title, description, {"type": "array", "items": items, "minItems": least, "maxItems": 1000}))


def file(title: str, description: str) -> Field:
    """A file: one that an action gave or that was handed in, or its name and content."""
    properties = {
        "file": {"type": "string", "description": "Id of a file that is kept here."},
        "name": {"type": "string", "minLength": 1, "description": "The file's name."},
        "base64": {"type": "string", "description": "Its content, in Base64."},
        "size": {"type": "integer", "description": "Ignored; files that actions give have it."},
    }
    forms = [{"required": ["file"]}, {"required": ["name", "base64"]}]
    schema = {"type": "object", "properties": properties, "additionalProperties": False, "anyOf": forms}
    return Field(_told(title, description, schema), required=True)


def shaped(title: str, description: str, schema: Mapping[str, Any]) -> Field:
    """Anything else."""
    return Field(_told(title, description, schema))


def _told(title: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": title, "description": description, **schema}
