"""Reading values out of answers. What is written to a connection's config is text of a known shape, never more.

Each reader takes a value of an answer and gives what may be kept, or None if it may not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from connectors.errors import InvalidUrl
from connectors.runtime.address import parse
from connectors.runtime.auth import metadata
from connectors.runtime.hosts import is_private

Reader: TypeAlias = Callable[[Any], str | bool | None]

_NAME = re.compile(r"[A-Za-z0-9_.:@|~=+-]{1,255}\Z")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_DOMAIN = re.compile(r"[a-z]{2,10}(?:\.[a-z]{2,10}){0,2}\Z")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}\Z")
_LONGEST = 1024  # characters of a free text


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path (numbers are places in a list); None if nothing does. "" is the value itself."""
    return metadata.at(value, path) if path else value


def name(value: Any) -> str | None:
    """An id: letters, digits and a few signs, none of which has a meaning in an address; `.` and `..` are none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**30 else ""
    return value if isinstance(value, str) and _NAME.match(value) and value.strip(".") else None


def label(value: Any) -> str | None:
    """One label of a host name."""
    return value if isinstance(value, str) and _LABEL.match(value) else None


def last_segment(value: Any) -> str | None:
    """The id at the end of an address."""
    return name(value.rstrip("/").rpartition("/")[2]) if isinstance(value, str) else None


def site(value: Any) -> str | None:
    """An https address on a public host; without user name, query and fragment, and without a slash at its end."""
    try:
        address = parse(value) if isinstance(value, str) else None
    except InvalidUrl:
        return None
    if address is None or address.scheme != "https" or address.user_info is not None or is_private(address.host):
        return None
    if address.query is not None or address.fragment is not None:
        return None
    return str(address).rstrip("/")


def line(value: Any) -> str | None:
    """A text without line breaks and other control characters, as a person would write a name."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        return None
    return value if value.isprintable() else None


def flag(value: Any) -> bool | None:
    """Yes or no."""
    return value if isinstance(value, bool) else None


def hashed(value: Any) -> str | None:
    """SHA-256 of an email address in lower case, in hex: it says that two are one without saying which."""
    if not isinstance(value, str) or not _EMAIL.match(value):
        return None
    return hashlib.sha256(value.lower().encode("utf-8", "replace")).hexdigest()


def extension(value: Any) -> str | None:
    """The end of an address such as https://www.zohoapis.com.au, behind its service's name."""
    address = site(value)
    host = address.removeprefix("https://").partition("/")[0] if address else ""
    ending = ".".join(host.split(".")[2:]) if host.startswith("www.") else host.partition(".")[2]
    return ending if _DOMAIN.match(ending) else None
