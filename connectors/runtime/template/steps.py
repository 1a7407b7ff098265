"""Prefixes that templates of token requests may leave out or carry: `credentials.x`, `step2.x`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_STEP = re.compile(r"\$\{step([0-9]+)\.")
_STEP_PREFIX = re.compile(r"step[0-9]+\.")


def step_number(template: str) -> int | None:
    """The number N of the first `${stepN.…}` in a template; None if there is none (or no step has that number)."""
    found = _STEP.search(template)
    return int(found[1]) if found and len(found[1]) < 10 else None


def without_steps(template: Any) -> Any:
    """The template, with `stepN.` taken out wherever it stands. Mappings and lists as in `without_credentials`."""
    return _replaced(template, lambda text: _STEP_PREFIX.sub("", text))


def without_credentials(template: Any) -> Any:
    """The template, with `credentials.` taken out wherever it stands.

    In a mapping, every text at any depth; what is no text stays. A list comes out as a mapping from
    "0", "1", …, as the reference runtime has it, and definitions are read that way.
    """
    return _replaced(template, lambda text: text.replace("credentials.", ""))


def _replaced(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return {str(index): _replaced(item, change) for index, item in enumerate(value)}
    return value
