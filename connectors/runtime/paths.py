"""Dotted paths into JSON data, as definitions write them: `meta.next`, `errors[0].message`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


def value_at(data: Any, path: str) -> Any:
    """The value at a path; None if there is none. A key that is the path itself, dots and all, wins."""
    if isinstance(data, Mapping) and path in data:
        return data[path]
    for step in _steps(path):
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, (list, tuple)) and step.isascii() and step.isdigit() and int(step[:9]) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(bracketed.strip("\"'") or plain for bracketed, plain in _STEP.findall(path))
