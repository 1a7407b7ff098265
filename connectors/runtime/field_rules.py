"""What a field takes: the rules of the reference runtime's connect form, docs/compatibility.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from connectors.runtime.pattern import PatternError, compiled

_HOST_NAME = re.compile(r"[a-zA-Z0-9.-]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_UUID = "00000000-0000-0000-0000-000000000000"
_LOCAL_PART = re.compile(r"[A-Za-z0-9_'+.-]*[A-Za-z0-9_+-]")
_MAIL_DOMAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SPECIAL_SCHEMES = frozenset({"http", "https", "ws", "wss", "ftp"})  # need a host; WHATWG URL Standard
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)")
_HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\x00-\x20\x7f#/:<>?@\[\\\]^|]+)(?::([0-9]{0,5}))?")


def accepts(descriptor: Mapping[str, Any], value: str | None) -> bool | Literal["invalid_pattern"]:
    """Whether the form takes the value for that field; None: the field is absent.

    "invalid_pattern": the field's pattern compiles neither there nor here.
    """
    if descriptor.get("hidden"):
        return True
    optional_empty = bool(descriptor.get("optional")) and value == ""
    if choices := descriptor.get("enum"):
        return value in choices or optional_empty
    pattern = descriptor.get("pattern")
    try:
        search = compiled(str(pattern)).search if pattern else None
    except PatternError:
        return "invalid_pattern"
    if value is None:
        return False
    return optional_empty or (_fits_format(descriptor, value) and (search is None or search(value) is not None))


def _fits_format(descriptor: Mapping[str, Any], value: str) -> bool:
    check = FORMATS.get(str(descriptor.get("format")))
    if check is None:
        return value != "" or descriptor.get("default_value") is not None
    return check(value)


def is_host_name(text: str) -> bool:
    """Letters, digits, hyphens and dots."""
    return _HOST_NAME.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """A UUID of version 1 to 8 (RFC 9562), or the nil UUID."""
    return _UUID.fullmatch(text) is not None or text == _NO_UUID


def is_email(text: str) -> bool:
    """An address with a dotted domain, without quotes, comments and double dots."""
    local, _, domain = text.rpartition("@")
    if text.startswith(".") or ".." in text or _LOCAL_PART.fullmatch(local) is None:
        return False
    return _MAIL_DOMAIN.fullmatch(domain) is not None


def is_uri(text: str) -> bool:
    """What a browser parses as an absolute URL; web addresses need a host."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return False
    if scheme[1].lower() not in _SPECIAL_SCHEMES:
        return True
    authority = _AUTHORITY.match(text, scheme.end())
    host = _HOST_AND_PORT.fullmatch(authority[1].rpartition("@")[2]) if authority else None
    return host is not None and int(host[2] or 0) <= 65535


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "hostname": is_host_name,
    "uuid": is_uuid,
    "email": is_email,
    "uri": is_uri,
}
