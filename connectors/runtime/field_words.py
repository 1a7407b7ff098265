"""Says in words what a field expects, from its format, choices or pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.runtime.field_rules import accepts

_FORMATS = {
    "hostname": "a host name without https://",
    "uri": "a whole web address with https://",
    "uuid": "a UUID",
    "email": "an e-mail address",
}
_RANGES = {
    "a-z": "lower-case letters",
    "A-Z": "capital letters",
    "0-9": "digits",
    r"\d": "digits",
    "!-~": "letters, digits and signs without blanks",
    "a-f": "letters a to f",
    "A-F": "letters A to F",
    r"\w": "letters, digits and underscores",
}
_SIGNS = {"-": "hyphens", "_": "underscores", ".": "dots", ":": "colons", "/": "slashes", "+": "+", "=": "=", "~": "~"}
_CLASS = re.compile(r"\[((?:[^\]\\^]|\\.)(?:[^\]\\]|\\.)*)\]")
_MEMBER = re.compile(r"[a-zA-Z0-9!]-[a-zA-Z0-9~]|\\.|.", re.DOTALL)
_REST = re.compile(r"(?:[()?*+]|\?:|\{[0-9]+(?:,[0-9]*)?\})*")
_LENGTH = re.compile(r"\^\[[^\]]+\]\{([0-9]+)\}\$")


def expected(descriptor: Mapping[str, Any]) -> str:
    """What the field expects, e.g. "lower-case letters, digits and hyphens, such as mycompany"."""
    words = _kind(descriptor)
    example = descriptor.get("example")
    shown = isinstance(example, str) and example and "enum" not in descriptor and accepts(descriptor, example) is True
    return f"{words}, such as {example}" if shown else words


def _kind(descriptor: Mapping[str, Any]) -> str:
    if choices := descriptor.get("enum"):
        return f"one of {', '.join(map(str, choices))}"
    pattern = descriptor.get("pattern")
    in_format = _FORMATS.get(str(descriptor.get("format")))
    if not pattern:
        return in_format or "text"
    in_words = _pattern_words(str(pattern)) or f"text that matches {pattern}"
    return f"{in_format}: {in_words}" if in_format else in_words


def _pattern_words(pattern: str) -> str | None:
    """The pattern in words, if it is made of nothing but character classes."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None
    if not _REST.fullmatch(_CLASS.sub("", pattern[1:-1])):
        return None
    members = dict.fromkeys(member for found in _CLASS.findall(pattern) for member in _MEMBER.findall(found))
    words = [_member_words(member) for member in members]
    if not words or None in words:
        return None
    text = _listed(dict.fromkeys(word for word in words if word))
    text = text.replace("lower-case letters, capital letters", "letters").replace(
        "lower-case letters and capital letters", "letters"
    )
    length = _LENGTH.fullmatch(pattern)
    return f"{text}, {length[1]} characters" if length else text


def _member_words(member: str) -> str | None:
    return _RANGES.get(member) or _SIGNS.get(member.removeprefix("\\") if len(member) == 2 else member)


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
