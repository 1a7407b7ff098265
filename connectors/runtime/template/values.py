"""Looks variables up and writes them as text, as JavaScript does: the definitions were written for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def look_up(name: str, variables: Mapping[str, Any]) -> str | None:
    """The text for a variable in engine O, or None: along the dots, else a key that holds the dots.

    Texts and numbers only; flags, lists, mappings and null count as missing. `endpoint` is empty when missing.
    """
    found = _text_or_number(_walk(name, variables))
    if found is None:
        found = _text_or_number(variables.get(name))
    return "" if found is None and name == "endpoint" else found


def look_up_s(name: str, variables: Mapping[str, Any]) -> str | None:
    """The text for a variable in engine S, or None: a key that holds the dots, with any value, else along the dots."""
    direct = variables.get(name)
    if direct is not None:
        return _any_text(direct)
    return _text_or_number(_walk(name, variables)) if "." in name else None


def _walk(name: str, variables: Mapping[str, Any]) -> Any:
    value: Any = variables
    for step in name.split("."):
        value = _step(value, step)
        if value is None:
            return None
    return value


def _step(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if not isinstance(value, Sequence) or isinstance(value, (bytes, bytearray)):
        return None
    if step == "length":
        return len(value)
    is_index = len(step) < 10 and step.isascii() and step.isdecimal() and str(int(step)) == step
    return value[int(step)] if is_index and int(step) < len(value) else None


def _text_or_number(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return _number(value)


def _any_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return value if isinstance(value, str) else _number(value)
    if isinstance(value, Sequence):
        return ",".join("" if item is None else _any_text(item) for item in value)
    return "[object Object]"


def _number(value: float) -> str:
    if isinstance(value, int) and abs(value) < 10**21:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if math.isnan(number) or math.isinf(number):
        return "NaN" if math.isnan(number) else f"{'-' if number < 0 else ''}Infinity"
    if number == 0 or 1e-6 <= abs(number) < 1e21:
        plain = f"{abs(number) if number == 0 else Decimal(repr(number)):f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa, _, exponent = f"{Decimal(repr(number)).normalize():e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"
