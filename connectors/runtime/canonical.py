"""JSON in one canonical form, and the hash of it: equal values, equal text, equal hash.

The form: keys sorted by code point, no blanks, UTF-8 text without needless escapes, no NaN and no infinity.
orjson writes and reads it; what it refuses (integers beyond 64 bits, lone surrogates, mappings that are not
dicts) takes a slower road to the same form.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import orjson

T = TypeVar("T")

DIGEST_BYTES = 16  # of SHA-256, kept

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG_NUMBER = b"0" * 19  # the shortest run of digits that can pass 64 bits
_DIGITS_AS_ZERO = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))


def dumps(value: Any) -> str:
    """The canonical JSON text of a value.

    Raises ValueError for what JSON cannot hold: NaN, infinity, keys that are not text, other types,
    nesting without end.
    """
    try:
        raw = orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return _guarded(_write, value)
    # orjson writes NaN as null; only a text that holds a null can hide one.
    if b"null" in raw:
        _guarded(_refuse_nan, value)
    return raw.decode()


def loads(text: str | bytes) -> Any:
    """The value of a JSON text, integers of any size exactly. Raises ValueError if it is not JSON."""
    try:
        raw = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError:
        return _load_slowly(text)
    if _LONG_NUMBER in raw.translate(_DIGITS_AS_ZERO):
        return _load_slowly(text)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _load_slowly(text)


def digest(value: Any) -> bytes:
    """The first 16 bytes of SHA-256 over the canonical JSON. A `str` is taken as text that `dumps` gave."""
    text = value if isinstance(value, str) else dumps(value)
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


def _guarded(step: Callable[[Any], T], value: Any) -> T:
    try:
        return step(value)
    except RecursionError:
        raise ValueError("nested too deep for JSON") from None


def _load_slowly(text: str | bytes) -> Any:
    plain = text if isinstance(text, str) else text.decode()

    def load(source: str) -> Any:
        return json.loads(source, parse_float=_finite, parse_constant=_refuse_constant)

    return _guarded(load, plain)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large for JSON's floating point")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_nan(value: Any) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no place in JSON")
        return
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for item in inner:
        # Most items are text; deciding that here spares a call for each.
        if not isinstance(item, str):
            _refuse_nan(item)


def _write(value: Any) -> str:
    if isinstance(value, str):
        return _write_text(value)
    if isinstance(value, Mapping):
        items = {_key(key): item for key, item in value.items()}
        return "{" + ",".join(f"{_write_text(key)}:{_write(items[key])}" for key in sorted(items)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    _refuse_nan(value)
    try:
        return orjson.dumps(value, option=_OPTIONS).decode()
    except TypeError:
        raise ValueError(f"JSON cannot hold a {type(value).__name__}") from None


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ValueError(f"a key in JSON is text, not a {type(key).__name__}")  # noqa: TRY004 - one error for all
    return _joined(key)


def _joined(text: str) -> str:
    # A high surrogate followed by a low one is one character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _write_text(text: str) -> str:
    joined = _joined(text)
    if not _LONE_SURROGATE.search(joined):
        return orjson.dumps(joined).decode()
    parts: list[str] = []
    end = 0
    for match in _LONE_SURROGATE.finditer(joined):
        parts += [orjson.dumps(joined[end : match.start()]).decode()[1:-1], f"\\u{ord(match.group()):04x}"]
        end = match.end()
    parts.append(orjson.dumps(joined[end:]).decode()[1:-1])
    return '"' + "".join(parts) + '"'
