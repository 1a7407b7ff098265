"""Every encoding of every secret, out of everything that leaves."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MASK = "[secret]"
SHORTEST = 4  # shorter values are common text; they are masked only where they stand in a `user:key` pair
_CHUNK = 96  # characters; a longer secret is also masked piece by piece, for texts that were cut off inside it
_LONGEST = 16_384  # characters of one secret that are looked for; no header takes a longer one, and patterns cost time
_USER_INFO = re.compile(r"(?<=://)[^/?#@\s]*@")
_BASE64 = "A-Za-z0-9+/_-"
_SHORT_ESCAPES = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r"}
_REFERENCES = {"&": "amp|", "<": "lt|", ">": "gt|", '"': "quot|", "'": "apos|"}  # of HTML
_RUNS = re.compile(r"\\+|[^\\]")
_AGAIN = 8  # backslashes that stand for one, or before one character, when a text was escaped several times
_ESCAPE = rf"\\{{1,{_AGAIN}}}"
_PERCENT = "%(?:25){0,3}"

_Known = tuple[tuple[str, ...], tuple[str, ...]]  # secrets and pairs


class Redactor:
    """Masks secrets in text and data: as they are, and in the encodings that requests put them in.

    Encodings: Base64 (standard and URL-safe, padded or not, at each of the three alignments a
    longer text can put it), percent-encoding (any choice of encoded characters, either hex case,
    `+` for a blank, also encoded again), JSON and Python escapes (also escaped again), the character
    references of HTML, and any mixture of the last three.

    `secrets` are masked wherever they stand, if they have four characters or more; of one that is longer
    than any header (16,384 characters) the first so many. `pairs` are texts that are sent joined by a
    colon (`user:key`); they are masked as a whole, so a key of one character does not leave in the
    Base64 of a Basic header.
    """

    def __init__(self, secrets: Iterable[str], pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._known: _Known = (
            _longest_first(text for text in secrets if len(text) >= SHORTEST),
            _longest_first(f"{user}:{key}" for user, key in pairs if key),
        )
        self._first = self._newest = self._known
        self._compiled: tuple[_Known, re.Pattern[str] | None] | None = None

    def __repr__(self) -> str:
        return f"Redactor({len(self._known[0])} secrets, {len(self._known[1])} pairs)"

    def text(self, text: str) -> str:
        """The text with each secret replaced by `[secret]`. Text without secrets is returned as it is."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def url(self, url: str) -> str:
        """The address as `text` gives it, and without user info."""
        return _USER_INFO.sub(f"{MASK}@", self.text(url))

    def data(self, value: Any) -> Any:
        """The same data with `text` applied to each text in it, keys of mappings included.

        Mappings become dicts, sequences and sets become lists; numbers, booleans and None stay.
        Data nested too deep to walk is replaced as a whole.
        """
        try:
            return self._data(value)
        except RecursionError:
            return "[nested too deep to show]"

    def cover(self, later: Redactor) -> None:
        """From now on, mask what `later` masks too. Of several that come after each other the newest two stay."""
        generations = (self._first, self._newest, later._newest)
        self._newest = later._newest
        self._known = (
            _longest_first(text for secrets, _ in generations for text in secrets),
            _longest_first(text for _, pairs in generations for text in pairs),
        )

    def _data(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (bytes, bytearray)):
            return self.text(value.decode("utf-8", "replace")).encode()
        if isinstance(value, Mapping):
            return {self._data(key): self._data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._data(item) for item in value]
        return value

    @property
    def _pattern(self) -> re.Pattern[str] | None:
        known, compiled = self._known, self._compiled
        if (
            compiled is None or compiled[0] is not known
        ):  # a thread that compiled less than is known now changes nothing
            compiled = self._compiled = (known, _compile(*known))
        return compiled[1]


def _compile(secrets: tuple[str, ...], pairs: tuple[str, ...]) -> re.Pattern[str] | None:
    secrets = tuple(secret[:_LONGEST] for secret in secrets)
    alternatives = [*map(_written, secrets), *map(_pair, pairs)]
    for secret in secrets:
        alternatives += _encoded(secret)
    for secret in secrets:
        if len(secret) > _CHUNK:
            alternatives += [way for chunk in _chunks(secret) for way in (_written(chunk), *_encoded(chunk))]
    return re.compile("|".join(dict.fromkeys(alternatives))) if alternatives else None


def _longest_first(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts), key=len, reverse=True))


def _chunks(secret: str) -> Iterator[str]:
    """Pieces whose masking masks the whole; none is short."""
    last = max(len(secret) // _CHUNK - 1, 0) * _CHUNK
    for start in range(0, last, _CHUNK):
        yield secret[start : start + _CHUNK]
    yield secret[last:]


def _written(text: str) -> str:
    """A pattern for the text, each character of it as it is or escaped in one of the usual ways."""
    return "".join(_backslashes(len(run)) if run[0] == "\\" else _character(run) for run in _RUNS.findall(text))


def _backslashes(count: int) -> str:
    """A run of backslashes as one: a choice for each of them would have exponentially many ways to fit."""
    other = "".join(
        rf"|(?:{way}){{{count}}}" for way in (rf"{_PERCENT}5[cC]", rf"{_ESCAPE}u005[cC]", "&#(?:92|[xX]5[cC]);")
    )
    return rf"(?:\\{{{count},{_AGAIN * count}}}{other})"


def _character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    octets, code = _octets(character), ord(character)
    ways = [
        re.escape(character),
        "".join(_hex(_PERCENT, octet) for octet in octets),
        "".join(_hex(rf"{_ESCAPE}x", octet) for octet in octets),
        "".join(_hex(rf"{_ESCAPE}u", unit >> 8) + _hex("", unit & 255) for unit in _utf16(character)),
        rf"{_ESCAPE}U{''.join(_hex('', octet) for octet in code.to_bytes(4, 'big'))}",
        _hex(rf"{_ESCAPE}x", code) if code < 256 else re.escape(character),
        rf"{_ESCAPE}{re.escape(_SHORT_ESCAPES.get(character, character))}",
        rf"(?:{_ESCAPE})?&(?:amp;)?(?:{_REFERENCES.get(character, '')}#0{{0,4}}(?:{code}|[xX]0{{0,4}}(?i:{code:x})));",
    ]
    if character == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(sorted(set(ways), key=lambda way: (-len(way), way)))})"


def _hex(prefix: str, octet: int) -> str:
    digits = (f"[{digit.lower()}{digit}]" if digit.isalpha() else digit for digit in f"{octet:02X}")
    return prefix + "".join(digits)


def _encoded(text: str) -> list[str]:
    """Patterns for the text inside Base64, after 0, 1 or 2 other octets (modulo 3)."""
    octets = _octets(text)
    patterns = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets).decode()
        first = -(-8 * before // 6)  # the characters before this one also hold bits of what stands before
        last = 8 * (before + len(octets)) // 6  # and those from here on, of what follows
        core = "".join(_base64_character(character) for character in encoded[first:last])
        edge_before = rf"[{_BASE64}]?" if before else ""
        edge_after = rf"(?:[{_BASE64}]?(?:=|%3[Dd])*)" if 8 * (before + len(octets)) % 6 else "=?"
        patterns.append(edge_before + core + edge_after)
    return patterns


def _pair(text: str) -> str:
    encoded = base64.b64encode(_octets(text)).decode().rstrip("=")
    core = "".join(_base64_character(character) for character in encoded)
    return rf"(?<![{_BASE64}]){core}(?:=|%3[Dd])*(?![{_BASE64}])"


def _base64_character(character: str) -> str:
    if character == "+":
        return r"(?:[+-]|%2[Bb])"
    if character == "/":
        return r"(?:\\?/|_|%2[Ff])"
    return character


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _utf16(character: str) -> list[int]:
    octets = character.encode("utf-16-be", "surrogatepass")
    return [octets[index] << 8 | octets[index + 1] for index in range(0, len(octets), 2)]
