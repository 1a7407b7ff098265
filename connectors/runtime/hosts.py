"""Which host a request may go to: what a value may hold where it stands in a base URL, and which hosts are refused.

Pure: names are not looked up here. The address behind a name is checked on the fresh socket, by the transport.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Literal

from connectors.errors import HostRefused, InvalidUrl
from connectors.runtime.address import Address, ascii_host

_EXPRESSION_START = "${"
_LABELS = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/\\?#]")
_WHOLE_BASE = re.compile(r"https?://(?P<host>[^/\\?#@]+)(?P<path>/.*)?\Z", re.IGNORECASE | re.DOTALL)
_MARK = "\0"  # stands for an expression
_SHAPE = re.compile(r"https?://(?P<authority>[^/\\?#]*)|\0(?=[/?#]|\Z)", re.IGNORECASE)
_WHOLE_HOST = re.compile(r"\0(?::(?:[0-9]+|\0))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DOT_SEGMENT = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_OTHER_DOTS = re.compile("[\u3002\uff0e\uff61\u2024\ufe52]")  # become dots when a name is put into ASCII
_PRIVATE_NAMES = ("localhost", "localdomain", "local", "internal", "home.arpa")


@dataclass(frozen=True)
class HostPolicy:
    """Which hosts beyond the provider's own a request may go to."""

    allow_private: bool = False  # IP literals, localhost, *.internal, …
    override: Literal["off", "listed", "any"] = "off"  # may a call name another base URL?
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)  # with "listed": host, or host:port


class Position(Enum):
    """Where in a base URL a value stands, with what it may hold there."""

    BASE = "a whole address: http(s)://host, without user name, query or fragment"
    HOST = "a host name, with or without :port"
    HOST_AND_PATH = "a host name, with or without :port and a path, without ?, # and .. steps"
    LABEL = "a part of a host name: letters, digits and hyphens, with dots in between"
    PORT = "a port number"
    PATH = "a part of a path, without ?, #, backslash, control characters and .. steps"
    QUERY = "a part of a query, without # and control characters"


@dataclass(frozen=True)
class Expression:
    """A `${…}` of a base URL, with the functions around it."""

    text: str
    position: Position


@dataclass(frozen=True)
class Base:
    """A base URL with checked values in it."""

    text: str
    host: str  # the host, and port, that a request has to end up at; lower case, ASCII
    secure: bool  # whether it is https

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.secure else 'http'}://{self.host}"


@lru_cache(maxsize=512)
def split(template: str) -> tuple[str | Expression, ...]:
    """The literal pieces and the expressions of a base URL, in order.

    Raises InvalidUrl if the literal text puts a value where no position is known for it.
    """
    pieces = list(_pieces(template))
    shape = "".join(_MARK if is_expression else text for text, is_expression in pieces)
    if shape.count(_MARK) != sum(is_expression for _, is_expression in pieces):
        raise InvalidUrl("The base URL holds a NUL character.")
    positions = iter(list(_positions(shape)))  # a list, so that a base URL without expressions is looked at too
    return tuple(Expression(text, next(positions)) if is_expression else text for text, is_expression in pieces)


def fill(template: str, value_of: Callable[[str], str], title_of: Callable[[str], str]) -> Base:
    """The base URL with its values in place.

    `value_of` gives the value of an expression (it raises for one without), `title_of` the title of
    the field behind it. Raises HostRefused, with the field's title, for a value that may not stand
    where it would, and InvalidUrl if the base URL itself is none.
    """
    parts: list[str] = []
    for piece in split(template):
        if isinstance(piece, str):
            parts.append(piece)
            continue
        value = value_of(piece.text)
        if not _fits(value, piece.position):
            title = title_of(piece.text)
            raise HostRefused(
                f"{title}: the value cannot stand in the provider's address. Expected {piece.position.value}.",
                next_step=f"Correct {title} in the connection's config.",
                title=title,
            )
        parts.append(value)
    text = "".join(parts)
    scheme = _SCHEME.match(text)
    assert scheme is not None  # `split` or the check of a whole base has seen to it
    end = _AUTHORITY_END.search(text, scheme.end())
    authority = text[scheme.end() : end.start() if end else len(text)]
    secure = scheme.group().lower() == "https://"
    return Base(text, _expected_host(authority, 443 if secure else 80), secure)


def check(address: Address, base: Base, policy: HostPolicy, *, shown: str) -> None:
    """Refuse an address that left the base URL's host, or that points into a private network.

    `shown` is the host as messages may show it. Raises HostRefused.
    """
    if address.user_info is not None or address.netloc != base.host or (address.scheme == "https") != base.secure:
        raise HostRefused("The address leaves the provider's host.", host=shown)
    if not policy.allow_private and is_private(address.host):
        raise HostRefused(
            f"{shown} is an IP address or belongs to a private network.",
            next_step="Use the provider's public host name. Who runs this installation can allow private hosts.",
            host=shown,
        )


def is_private(host: str) -> bool:
    """Whether a normalised host is an IP literal or a name of a private network.

    Public IP literals count too: no provider lives at a bare address.
    """
    name = host.removesuffix(".")
    if host.startswith("[") or name.replace(".", "").isdigit():
        return True
    return any(name == private or name.endswith(f".{private}") for private in _PRIVATE_NAMES)


def is_listed(base: Base, policy: HostPolicy) -> bool:
    """Whether the policy names this host."""
    return base.host in {host.lower() for host in policy.allowed_hosts}


def _pieces(template: str) -> Iterator[tuple[str, bool]]:
    """Literal text and expressions (True), braces balanced."""
    position = 0
    while (start := template.find(_EXPRESSION_START, position)) >= 0:
        end = _closing(template, start)
        if end < 0:
            break
        if start > position:
            yield template[position:start], False
        yield template[start:end], True
        position = end
    if position < len(template):
        yield template[position:], False


def _closing(template: str, start: int) -> int:
    depth = 0
    for index in range(start + 1, len(template)):
        depth += {"{": 1, "}": -1}.get(template[index], 0)
        if depth == 0:
            return index + 1
    return -1


def _positions(shape: str) -> Iterator[Position]:
    """The position of each mark in a base URL that has marks in place of its expressions."""
    start = _SHAPE.match(shape)
    if start is None:
        raise InvalidUrl(
            "The base URL does not start with http(s):// and a host, or goes on right behind a whole address."
        )
    authority = start["authority"]
    if authority is None:
        yield Position.BASE
    elif authority == _MARK and shape[start.end() : start.end() + 1] in ("", "/"):
        yield Position.HOST_AND_PATH  # providers ask for "your address" where a part of the path belongs to it
    elif _WHOLE_HOST.fullmatch(authority):
        yield from (Position.HOST, Position.PORT)[: authority.count(_MARK)]
    else:
        for index, character in enumerate(authority):
            if character == _MARK:
                is_port = authority[:index].endswith(":") and index == len(authority) - 1
                yield Position.PORT if is_port else Position.LABEL
    for index in range(start.end(), len(shape)):
        if shape[index] == _MARK:
            yield Position.QUERY if "?" in shape[start.end() : index] else Position.PATH


def _fits(value: str, position: Position) -> bool:
    """Whether a value may stand there. Always the whole value."""
    if not value or _CONTROL.search(value):
        return False
    match position:
        case Position.LABEL:
            return _is_name(value)
        case Position.HOST:
            return _is_host(value)
        case Position.HOST_AND_PATH:
            host, _, path = value.partition("/")
            return _is_host(host) and _is_path(path)
        case Position.PORT:
            return _is_port(value)
        case Position.BASE:
            whole = _WHOLE_BASE.match(value)
            return whole is not None and _is_host(whole["host"]) and _is_path(whole["path"] or "")
        case Position.PATH:
            return _is_path(value)
        case Position.QUERY:
            return "#" not in value


def _is_host(value: str) -> bool:
    if value.startswith("["):
        name, bracket, port = value.partition("]")
        return bool(bracket) and _is_ipv6(name + bracket) and (not port or (port[0] == ":" and _is_port(port[1:])))
    name, colon, port = value.partition(":")
    return _is_name(name) and (not colon or _is_port(port))


def _is_name(value: str) -> bool:
    """Whether it is DNS labels, once it is in ASCII, and no character of it turned into a dot or a delimiter."""
    if _OTHER_DOTS.search(value) or len(value) > 253:
        return False
    if value.isascii():
        return _LABELS.match(value.lower()) is not None
    try:
        plain = ascii_host(value)
    except InvalidUrl:
        return False
    return _LABELS.match(plain) is not None and plain.count(".") == value.count(".")


def _is_ipv6(value: str) -> bool:
    try:
        ascii_host(value)
    except InvalidUrl:
        return False
    return True


def _is_port(value: str) -> bool:
    return value.isascii() and _PORT.match(value) is not None and 0 < int(value) < 65536


def _is_path(value: str) -> bool:
    return not re.search(r"[?#\\]", value) and not any(_DOT_SEGMENT.fullmatch(part) for part in value.split("/"))


def _expected_host(authority: str, default_port: int) -> str:
    """The normal form of host and port. Raises InvalidUrl if they are none."""
    if "@" in authority:
        raise InvalidUrl("The base URL holds a user name; credentials belong into the definition's headers.")
    host, colon, port = authority.rpartition(":") if re.search(r":[0-9]*\Z", authority) else (authority, "", "")
    normal = ascii_host(host)
    if not normal.startswith("[") and (len(normal) > 253 or not _LABELS.match(normal.removesuffix("."))):
        raise InvalidUrl("The base URL has no usable host name.")
    if colon and port and not _is_port(port):
        raise InvalidUrl("The base URL has no usable port.")
    return normal if not port or int(port) == default_port else f"{normal}:{int(port)}"
