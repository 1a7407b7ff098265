"""The forms of `${now…}`: `now`, `now:FORMAT`, `now+7:days:FORMAT`. Always UTC, English names."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"now(?:(?P<shift>[+-][0-9]+):(?P<unit>[^:]+))?:(?P<format>.+)", re.DOTALL)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SHORT_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "y": "year"}
_MILLISECONDS = {
    "millisecond": 1,
    "ms": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}
_MONTHS_IN = {"month": 1, "year": 12}

_TOKENS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda now: f"{now.year:04d}",
    "YY": lambda now: f"{now.year % 100:02d}",
    "MMMM": lambda now: _MONTHS[now.month - 1],
    "MMM": lambda now: _MONTHS[now.month - 1][:3],
    "MM": lambda now: f"{now.month:02d}",
    "M": lambda now: str(now.month),
    "DD": lambda now: f"{now.day:02d}",
    "D": lambda now: str(now.day),
    "dddd": lambda now: _DAYS[now.isoweekday() % 7],
    "ddd": lambda now: _DAYS[now.isoweekday() % 7][:3],
    "dd": lambda now: _DAYS[now.isoweekday() % 7][:2],
    "d": lambda now: str(now.isoweekday() % 7),
    "HH": lambda now: f"{now.hour:02d}",
    "H": lambda now: str(now.hour),
    "hh": lambda now: f"{now.hour % 12 or 12:02d}",
    "h": lambda now: str(now.hour % 12 or 12),
    "mm": lambda now: f"{now.minute:02d}",
    "m": lambda now: str(now.minute),
    "ss": lambda now: f"{now.second:02d}",
    "s": lambda now: str(now.second),
    "SSS": lambda now: f"{now.microsecond // 1000:03d}",
    "A": lambda now: "AM" if now.hour < 12 else "PM",
    "a": lambda now: "am" if now.hour < 12 else "pm",
    "ZZ": lambda _: "+0000",
    "Z": lambda _: "+00:00",
}
_FORMAT = re.compile(r"\[([^\]]+)\]|" + "|".join(_TOKENS))


def now_text(name: str, now: datetime) -> str | None:
    """The text for `${name}` where name is one of the forms of now; None if it is none, or no such date exists."""
    now = now.astimezone(UTC)
    if name == "now":
        return _iso(now)
    form = _FORM.fullmatch(name)
    if not form:
        return None
    try:
        return format_date(_shifted(now, form["shift"], form["unit"]), form["format"])
    except (OverflowError, ValueError):
        return None


def format_date(now: datetime, form: str) -> str:
    """The date in that format: tokens such as YYYY, `[…]` for literal text; X is Unix seconds, x milliseconds."""
    if form in ("X", "x"):
        milliseconds = (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        return str(milliseconds if form == "x" else milliseconds // 1000)
    return _FORMAT.sub(lambda match: match[1] or _TOKENS[match[0]](now), form)


def _iso(now: datetime) -> str:
    return now.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _shifted(now: datetime, shift: str | None, unit: str | None) -> datetime:
    if shift is None or unit is None:
        return now
    amount = int(shift)
    name = _SHORT_UNITS.get(unit) or unit.lower().removesuffix("s") if unit != "ms" else unit
    if name in _MONTHS_IN:
        return _add_months(now, amount * _MONTHS_IN[name])
    return now + timedelta(milliseconds=amount * _MILLISECONDS.get(name, 0))


def _add_months(now: datetime, amount: int) -> datetime:
    """That many months on, on the month's last day where the day does not exist."""
    year, month = divmod(now.year * 12 + now.month - 1 + amount, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)
