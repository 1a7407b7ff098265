"""Moments in token answers: the ways in which providers say when a token expires."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_YEAR_1972 = 2 * 365 * 24 * 3600 * 1000  # milliseconds; a number below it means seconds
_DURATION = re.compile(r"(\d{1,9}):(\d{2}):(\d{2})\Z")
_DIGITS = re.compile(r"[+-]?\d+(?:\.\d+)?\Z")


def iso(moment: datetime) -> str:
    """`2024-03-09T08:05:07.123Z`: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def expiration(value: Any, now: datetime) -> datetime | None:
    """The moment that a value means; None if it means none.

    A number is Unix time in milliseconds if it then falls after 1971, else in seconds. A text is a date
    (ISO 8601 or RFC 9110), or `days:hours:minutes` from now. A text of digits alone is no date.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _at(value if value >= _YEAR_1972 else value * 1000)
    return _of_text(value.strip(), now) if isinstance(value, str) else None


def _of_text(text: str, now: datetime) -> datetime | None:
    duration = _DURATION.match(text)
    if duration:
        days, hours, minutes = map(int, duration.groups())
        if hours >= 24 or minutes >= 60:
            return None
        try:
            return now + timedelta(days=days, hours=hours, minutes=minutes)
        except OverflowError:
            return None
    if not text or _DIGITS.match(text):
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, OverflowError, TypeError):
            continue
        return _in_utc(moment)
    return None


def _in_utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _at(milliseconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        return None
