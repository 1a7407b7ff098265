"""An http(s) address, read as browsers and the reference runtime read it (WHATWG URL Standard). Pure.

Only what an address of an API can hold: the schemes http and https, always with a host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from connectors.errors import InvalidUrl

DEFAULT_PORTS = {"http": 80, "https": 443}

_EDGES = "".join(map(chr, range(0x21)))  # C0 controls and blank, stripped at both ends
_DROPPED = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"(https?):[/\\]*", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/\\?#]*")
_HOST_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
_PLAIN = re.compile(r"[A-Za-z0-9*._-]*")  # what no part of an address escapes
_SINGLE_DOT = re.compile(r"\.|%2e", re.IGNORECASE)
_DOUBLE_DOT = re.compile(r"(?:\.|%2e){2}", re.IGNORECASE)
_FORM_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._")


def _escaped(extra: str) -> frozenset[int]:
    return frozenset(range(0x21)) | frozenset(range(0x7F, 0x100)) | frozenset(extra.encode())


_PATH = _escaped('"#<>?^`{}')
_QUERY = _escaped("\"#<>'")
_FRAGMENT = _escaped('"<>`')


@dataclass(frozen=True)
class Address:
    """An address in its parts. `str()` gives the normal form."""

    scheme: str  # "http" or "https"
    host: str  # lower case, ASCII; an IPv6 literal in brackets
    port: int | None  # None: the scheme's own
    path: str  # starts with a slash, percent-encoded
    query: str | None = None  # without "?"; None: there is none
    fragment: str | None = None  # without "#"; never sent
    user_info: str | None = None  # what stood before "@", if there was one; not part of the normal form

    @property
    def netloc(self) -> str:
        """Host, and port where it is not the scheme's own."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def target(self) -> str:
        """Path and query: what goes into the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def __str__(self) -> str:
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.origin}{self.target}{fragment}"


def parse(text: str) -> Address:
    """The address that a text means. Raises InvalidUrl if it means none; the message holds no part of it."""
    cleaned = _DROPPED.sub("", text.strip(_EDGES))
    scheme = _SCHEME.match(cleaned)
    if scheme is None:
        raise InvalidUrl("The address does not start with http:// or https://.")
    authority = _AUTHORITY.match(cleaned, scheme.end())
    assert authority is not None  # the pattern matches the empty text
    before_fragment, hash_sign, fragment = cleaned[authority.end() :].partition("#")
    path, question_mark, query = before_fragment.partition("?")
    user_info, at_sign, host_port = authority.group().rpartition("@")
    name = scheme.group(1).lower()
    host, port = _host_and_port(host_port, DEFAULT_PORTS[name])
    return Address(
        scheme=name,
        host=host,
        port=port,
        path=_normal_path(path),
        query=_percent_encode(query, _QUERY) if question_mark else None,
        fragment=_percent_encode(fragment, _FRAGMENT) if hash_sign else None,
        user_info=user_info if at_sign else None,
    )


def parse_form(text: str) -> list[tuple[str, str]]:
    """The pairs of a form-encoded text (`application/x-www-form-urlencoded`)."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return [(_form_decode(name), _form_decode(value)) for name, _, value in pairs]


def form(pairs: Sequence[tuple[str, str]]) -> str:
    """The pairs form-encoded."""
    return "&".join(f"{_form_encode(name)}={_form_encode(value)}" for name, value in pairs)


@lru_cache(maxsize=1024)
def ascii_host(host: str) -> str:
    """A host in the form that goes over the wire: lower case, Punycode (UTS #46), IP literals in normal form.

    Raises InvalidUrl for what cannot be a host.
    """
    if host.startswith("["):
        return _ipv6(host)
    decoded = unquote_to_bytes(_without_surrogates(host)).decode("utf-8", "replace")
    plain = decoded.lower() if decoded.isascii() else _to_ascii(decoded)
    if not plain or _FORBIDDEN_IN_HOST.search(plain):
        raise InvalidUrl("The address has no usable host.")
    return _ipv4(plain) if _ends_in_number(plain) else plain


def _host_and_port(text: str, default_port: int) -> tuple[str, int | None]:
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        raise InvalidUrl("The address has no usable host and port.")
    digits = match.group(2)
    # int() of a very long run of digits is slow, and it cannot be a port.
    port = int(digits.lstrip("0")[:6] or 0) if digits else None
    if port is not None and port > 65535:
        raise InvalidUrl("The address has a port above 65535.")
    return ascii_host(match.group(1)), None if port == default_port else port


def _to_ascii(host: str) -> str:
    import idna  # only for names outside ASCII

    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidUrl("The address has a host name that DNS cannot hold.") from None


def _ipv6(host: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    except ValueError:
        raise InvalidUrl("The address has an IPv6 host that is none.") from None


def _ends_in_number(host: str) -> bool:
    last = host.removesuffix(".").rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _ipv4(host: str) -> str:
    """Browsers also read 0x7f.1 and 2130706433 as 127.0.0.1: the last number fills the octets that are left."""
    try:
        *first, last = (_number(part) for part in host.removesuffix(".").split("."))
    except ValueError:
        raise InvalidUrl("The address has an IPv4 host that is none.") from None
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise InvalidUrl("The address has an IPv4 host that is none.")
    return str(ipaddress.IPv4Address(last + sum(number << 8 * (3 - index) for index, number in enumerate(first))))


def _number(part: str) -> int:
    if not part or len(part) > 16:
        raise ValueError
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") and len(part) > 1 else int(part)


def _normal_path(path: str) -> str:
    """Backslashes are slashes; `.` and `..` are resolved, never above the root."""
    segments: list[str] = []
    parts = path.replace("\\", "/").split("/")[1:] if path else [""]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if _DOUBLE_DOT.fullmatch(part):
            segments = segments[:-1] + ([""] if last else [])
        elif _SINGLE_DOT.fullmatch(part):
            segments += [""] if last else []
        else:
            segments.append(_percent_encode(part, _PATH))
    return "/" + "/".join(segments)


def _percent_encode(text: str, escaped: frozenset[int]) -> str:
    if _PLAIN.fullmatch(text):
        return text
    octets = _without_surrogates(text).encode()
    return "".join(f"%{octet:02X}" if octet in escaped else chr(octet) for octet in octets)


def _form_encode(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    octets = _without_surrogates(text).encode()
    return "".join(chr(o) if o in _FORM_SAFE else "+" if o == 0x20 else f"%{o:02X}" for o in octets)


def _form_decode(text: str) -> str:
    return unquote_to_bytes(_without_surrogates(text).replace("+", " ")).decode("utf-8", "replace")


def _without_surrogates(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
