"""How often: the words for it, and the slots that follow from it."""

from __future__ import annotations

import math
import re

from connectors.errors import InputError

LEAST = 30  # seconds
_DAY = 86400
_MOST = 36_500 * _DAY  # seconds; later slots would be in no calendar
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), _DAY),
}
_AMOUNT = re.compile(rf"(?:every )?(?P<amount>[0-9]{{1,9}}) ?(?P<unit>{'|'.join(_UNITS)})\Z", re.ASCII)
# What may stand alone after "every", and how it is written as a number.
_NAMED = {
    "hour": "1h",
    "day": "1d",
    "week": "7d",
    "month": "30d",
    "half day": "12h",
    "half hour": "30m",
    "quarter hour": "15m",
}


def seconds_of(text: str) -> float:
    """Seconds of a frequency such as `every hour`, `2 hours`, `45m`.

    A month has 30 days. Raises `InputError` for other text, for less than 30 s and for more than 36,500 days.
    """
    found = _AMOUNT.match(short(text))
    if not found:
        raise InputError(
            f"a frequency is a number and a unit, such as 45m, 6 hours or every day, not {text[:100]!r}",
            next_step="Give s, m, h or d with a number, or every hour, day, week, month, half day, half hour, "
            "quarter hour.",
        )
    seconds = int(found["amount"]) * _UNITS[found["unit"]]
    if seconds < LEAST:
        raise InputError(f"the shortest frequency is {LEAST} s, not {text[:100]!r}")
    if seconds > _MOST:
        raise InputError(f"the longest frequency is 36500 days, not {text[:100]!r}")
    return float(seconds)


def short(text: str) -> str:
    """The frequency without its `every `, as the HTTP API answers it: `2 hours`, and `1h` for `every hour`."""
    rest = text.removeprefix("every ")
    return _NAMED.get(rest, rest) if rest != text else text


def written(seconds: float) -> str:
    """The text of a number of seconds, such as `every 6h` or `every hour`."""
    whole = round(seconds)
    if whole in (3600, _DAY):
        return "every hour" if whole == 3600 else "every day"
    for unit, length in (("d", _DAY), ("h", 3600), ("m", 60)):
        if whole % length == 0:
            return f"every {whole // length}{unit}"
    return f"every {whole}s"


def next_slot(began_at: float, every: float, after: float) -> float:
    """The first slot later than `after`; slots are `began_at` and every so many seconds from there."""
    if after < began_at:
        return began_at
    slot = began_at + (math.floor((after - began_at) / every) + 1) * every
    return slot if slot > after else slot + every
