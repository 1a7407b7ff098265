"""What an answer says beside the credentials, and a connection keeps in its configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def metadata_of(paths: Iterable[str] | None, raw: Any) -> dict[str, str | bool]:
    """The values at `paths` (dots go into objects), each under its dotted name as one flat key.

    As in the reference runtime only texts and booleans are taken: a number, an object, a list or
    nothing at all is left out.
    """
    found = ((path, at(raw, path)) for path in paths or ())
    return {path: value for path, value in found if isinstance(value, str | bool)}


def at(raw: Any, path: str) -> Any:
    """The value at a dotted path, None if there is none. A key with dots in it is found as a whole first."""
    if isinstance(raw, Mapping) and path in raw:
        return raw[path]
    for part in path.split("."):
        if isinstance(raw, Mapping):
            raw = raw.get(part)
        elif isinstance(raw, list) and part.isdecimal() and int(part) < len(raw):
            raw = raw[int(part)]
        else:
            return None
    return raw
