"""The formats that a schema may ask for, checked by the same functions whichever engine reads the schema.

Source: JSON Schema 2020-12, validation vocabulary, section 7.3. Formats not listed here are annotations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(?:[zZ]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)*")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text) and date.fromisoformat(text))


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    # RFC 3339 allows second 60; Python's clock does not.
    time.fromisoformat(re.sub(r":60$", ":59", match[1]))
    return True


def _is_date_time(text: str) -> bool:
    return text[10:11] in ("T", "t") and _is_date(text[:10]) and _is_time(text[11:])


def _is_email(text: str) -> bool:
    return bool(_EMAIL.fullmatch(text))


def _is_uri(text: str) -> bool:
    return bool(re.fullmatch(r"[!-~]+", text) and urlsplit(text).scheme)


def _is_uuid(text: str) -> bool:
    return bool(_UUID.fullmatch(text) and UUID(text))


def _is_ip(version: int) -> Callable[[str], bool]:
    return lambda text: "%" not in text and ip_address(text).version == version


def _check(is_one: Callable[[str], bool]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, str):
            return True  # a format constrains texts only
        try:
            return is_one(value)
        except ValueError:
            return False

    return check


FORMATS: Mapping[str, Callable[[object], bool]] = {
    "date": _check(_is_date),
    "time": _check(_is_time),
    "date-time": _check(_is_date_time),
    "email": _check(_is_email),
    "uri": _check(_is_uri),
    "uuid": _check(_is_uuid),
    "ipv4": _check(_is_ip(4)),
    "ipv6": _check(_is_ip(6)),
}
