"""The text of a webhook: what JavaScript makes of it when it reads it and writes it again is the same text.

The older of the two signatures is checked over that second text by the reference's client.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,9})\Z", re.ASCII)  # such names come first in an object of JavaScript
_LARGEST_INDEX = 2**32 - 2
_HALF = re.compile("[\ud800-\udfff]")
_EXACT = 2**53  # above it, JavaScript's numbers are not whole any more


def stringify(value: Any) -> str:
    """Compact JSON as `JSON.stringify` writes it, names sorted.

    A whole number of more than 53 bits becomes the number that JavaScript would read. What JSON has
    no form for is null.
    """
    if isinstance(value, str):
        return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", json.dumps(value, ensure_ascii=False))
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, Mapping):
        named = {str(name): item for name, item in value.items()}
        return "{" + ",".join(f"{stringify(name)}:{stringify(named[name])}" for name in sorted(named, key=_place)) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(stringify, value)) + "]"
    return "null"


def _place(name: str) -> tuple[bool, int, str]:
    """Where a name stands in an object: small whole numbers first, by size."""
    if _INDEX.match(name) and int(name) <= _LARGEST_INDEX:
        return False, int(name), ""
    return True, 0, name


def _number(value: int | float) -> str:
    """ECMA-262, Number::toString."""
    if isinstance(value, int) and abs(value) <= _EXACT:
        return str(value)
    try:
        value = float(value)
    except OverflowError:
        return "null"
    if not math.isfinite(value):
        return "null"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    return sign + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    """Shortest digits, with the point after so many of them."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
