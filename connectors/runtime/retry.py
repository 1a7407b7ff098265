"""Whether a failed attempt is repeated, and after how long. Decides only; sends nothing and never sleeps.

The rules are the reference runtime's (docs/compatibility.md), with one named difference,
`retry-after-unnamed`: a Retry-After header counts even if the definition does not name it, HTTP
dates included, and every wait has a ceiling. It changes how long is waited, never whether.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from connectors.runtime.paths import value_at

LONGEST_WAIT = 300.0  # seconds
_NETWORK_CODES = frozenset(
    {"ECONNRESET", "ETIMEDOUT", "ECONNABORTED", "ECONNREFUSED", "EHOSTUNREACH", "EAI_AGAIN", "UND_ERR_SOCKET"}
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_CLASS_RULE = re.compile(r"([1-5])[xX]{2}")
_RANGE_RULE = re.compile(r"([0-9]{3})-([0-9]{3})")
_YEAR_1971 = 31_536_000_000  # its first millisecond
_SEARCHED = 10_000  # characters of a message in a body that a pattern is tried on


@dataclass(frozen=True)
class Decision:
    """What to do after an attempt."""

    retry: bool
    wait: float | None  # seconds before the next attempt; None without one
    reason: str  # for logs, e.g. "status_code_500", "preconfigured_after"


def decide(
    settings: Mapping[str, Any] | None,
    *,
    status: int | None,
    headers: Mapping[str, Any],
    body: Callable[[], Any] | Any = None,
    error_code: str | None = None,
    retry_on: Collection[int] = (),
    retry_header: Mapping[str, str] | None = None,
    attempt: int = 0,
    now: float,
    longest: float = LONGEST_WAIT,
) -> Decision:
    """Decide after one failed attempt.

    `settings` is the definition's `retry` block, `status` None without an answer, `error_code` the
    network's code then (such as ECONNRESET). `body` is the decoded answer, or a function that
    gives it (called only if the definition looks into it). `retry_header` names the header that the
    caller wants read before the definition's, under "at" or "after". `attempt` counts from 0. `now`
    is Unix time and `longest` the ceiling of a wait, both in seconds.
    """
    rules = settings or {}
    if error_code in _NETWORK_CODES:
        return Decision(True, min(backoff(attempt), longest), "network_error")
    lowered = {str(name).lower(): value for name, value in headers.items()}
    reason = _reason(rules, status, lowered, retry_on)
    if reason is None:
        return Decision(False, None, "not_retryable")
    told = _asked_wait(retry_header or {}, lowered, now) or _told_wait(rules, lowered, body, now)
    if told is None:
        return Decision(True, min(backoff(attempt), longest), reason)
    return Decision(True, min(max(told[0], 0.0), longest), told[1])


def backoff(attempt: int) -> float:
    """Seconds to wait before the next attempt if nobody says how long: 3, 6, 12, … 600. `attempt` counts from 0."""
    return min(3.0 * (1 << min(attempt, 16)), 600.0)


def retry_after(value: Any, now: float) -> float | None:
    """Seconds that a Retry-After value asks for (RFC 9110 §10.2.3); None if it cannot be read."""
    seconds = number(value)
    if seconds is not None:
        return seconds
    moment = _date(value)
    return None if moment is None else max(moment - now, 0.0)


def number(value: Any) -> float | None:
    """A number as a header or body gives it, read as JavaScript does; None for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    text = value.strip() if isinstance(value, str) else ""
    if _DECIMAL.fullmatch(text):
        return float(text) if math.isfinite(float(text)) else None
    return float(int(text, 0)) if _OTHER_BASE.fullmatch(text) and len(text) < 60 else None


def _reason(
    rules: Mapping[str, Any], status: int | None, headers: Mapping[str, Any], retry_on: Collection[int]
) -> str | None:
    """Why the attempt may be repeated; None if it may not."""
    if status is None:
        return None
    codes = rules.get("error_code")
    if codes is not None:
        rule = next((rule for rule in map(str, codes) if _matches(rule, status)), None)
        if rule is not None:
            return f"provider_error_code_{rule}"
    elif status >= 500 or status in (429, 401):
        return f"status_code_{status}"
    if status in retry_on:
        return f"retry_on_{status}"
    return "provider_remaining" if headers.get(str(rules.get("remaining"))) == "0" else None


def _matches(rule: str, status: int) -> bool:
    text = rule.strip()
    if match := _CLASS_RULE.fullmatch(text):
        return status // 100 == int(match[1])
    if match := _RANGE_RULE.fullmatch(text):
        return int(match[1]) <= status <= int(match[2])
    return number(text) == status


def _asked_wait(retry_header: Mapping[str, str], headers: Mapping[str, Any], now: float) -> tuple[float, str] | None:
    """How long the header that the caller names asks to wait."""
    kind = "at" if retry_header.get("at") else "after"
    waits = [wait for wait in _header_waits([retry_header.get(kind, "")], headers, kind, now) if wait is not None]
    return (waits[0], f"custom_{kind}") if waits else None


def _told_wait(
    rules: Mapping[str, Any], headers: Mapping[str, Any], body: Callable[[], Any] | Any, now: float
) -> tuple[float, str] | None:
    """How long the provider asks to wait, and where it says so."""
    # The reference reads `after` only if the definition has no `at`.
    kind = "at" if rules.get("at") else "after"
    waits = [wait for wait in _header_waits(rules.get(kind) or (), headers, kind, now) if wait is not None]
    if waits:
        return max(waits), f"preconfigured_{kind}"
    in_body = rules.get("in_body")
    if isinstance(in_body, Mapping):
        wait = _body_wait(in_body, body() if callable(body) else body, now)
        if wait is not None:
            return wait, f"preconfigured_in_body:{in_body.get('strategy')}"
    wait = retry_after(headers.get("retry-after"), now)
    return None if wait is None else (wait, "retry_after")


def _header_waits(names: Sequence[str], headers: Mapping[str, Any], kind: str, now: float) -> Iterator[float | None]:
    for name in names:
        value = headers.get(str(name).lower())
        yield _at(value, now) if kind == "at" else number(value)


def _body_wait(rule: Mapping[str, Any], body: Any, now: float) -> float | None:
    text = value_at(body, str(rule.get("path") or ""))
    pattern = _compiled(str(rule.get("value") or ""))
    match = pattern.search(text[:_SEARCHED]) if pattern and isinstance(text, str) else None
    if match is None or not match.re.groups or match[1] is None:
        return None
    found = match[1].strip()
    return _at(found, now) if rule.get("strategy") == "at" else number(found)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A definition's pattern; None for one that cannot be used. Definitions write JavaScript's named groups."""
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern)) if pattern else None
    except re.error:
        return None


def _at(value: Any, now: float) -> float | None:
    """Seconds until an instant; None if it has passed or cannot be read.

    A number is Unix seconds, or milliseconds if that is later than 1970.
    """
    instant = number(value)
    if instant is None:
        date = _date(value)
        instant = None if date is None else math.floor(date)
    elif instant >= _YEAR_1971:
        instant = math.floor(instant / 1000)
    wait = math.ceil(instant - math.floor(now)) if instant is not None else 0
    return float(wait) if wait > 0 else None


def _date(value: Any) -> float | None:
    """Unix time of a date in ISO 8601 or in the form of HTTP (RFC 9110 §5.6.7)."""
    if not isinstance(value, str) or not value.strip():
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
