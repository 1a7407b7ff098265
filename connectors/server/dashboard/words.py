"""How the pages write times, amounts and states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from connectors.engine.frequency import written
from connectors.engine.store.browsing import MOST_COUNTED

_STEPS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))
_UNITS = ("B", "KB", "MB", "GB", "TB")
_A_WHILE = 45.0  # seconds that count as now


class State(NamedTuple):
    """A state as a badge shows it."""

    word: str
    look: str  # good, warn, bad, live, or plain


RUN_STATES: Mapping[str, State] = {
    "running": State("Running", "live"),
    "waiting": State("Waiting for budget", "live"),
    "success": State("Success", "good"),
    "limited": State("Limited", "good"),
    "failed": State("Failed", "bad"),
    "interrupted": State("Interrupted", "warn"),
    "needs_confirmation": State("Needs confirmation", "warn"),
}
DELIVERY_STATES: Mapping[str, State] = {
    "waiting": State("On its way", "live"),
    "delivered": State("Delivered", "good"),
    "failed": State("Failed", "bad"),
}
UNDER_WAY = ("running", "waiting")


def ago(time: float, now: float) -> str:
    """`3 minutes ago`, `in 2 hours`, `just now`; the day where it is more than a month away."""
    distance = abs(now - time)
    if distance < _A_WHILE:
        return "just now" if time <= now else "in a moment"
    if distance > 30 * 86400:
        return datetime.fromtimestamp(time, UTC).strftime("%-d %b %Y")
    length, name = next(((length, name) for length, name in _STEPS if round(distance / length) >= 1), _STEPS[-1])
    count = round(distance / length)
    told = f"{count} {name}{'' if count == 1 else 's'}"
    return f"{told} ago" if time <= now else f"in {told}"


def stamp(time: float) -> str:
    """`24 Nov 2026, 16:13:35 UTC`."""
    return datetime.fromtimestamp(time, UTC).strftime("%-d %b %Y, %H:%M:%S UTC")


def iso(time: float) -> str:
    """For machines: `2026-11-24T16:13:35Z`."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lasted(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def amount(number: int | None) -> str:
    """`12,345`."""
    return "–" if number is None else f"{number:,}"


def counted(number: int) -> str:
    """A count that stopped somewhere: `50,000+`."""
    return f"{number:,}+" if number >= MOST_COUNTED else f"{number:,}"


def size(count: int) -> str:
    """`12 KB`."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 10 else f"{value:.1f} {_UNITS[unit]}"


def pretty(value: Any) -> str:
    """JSON for people."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode("utf-8", "replace")


def initials(name: str) -> str:
    """One or two letters that stand for a provider that we have no picture of."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def every(schedule: Mapping[str, Any]) -> str:
    """How often a sync runs: `every 6h`."""
    own = schedule["frequency"]
    return written(schedule["every"]) if own is None else str(own) if str(own).startswith("every") else f"every {own}"


def sync_state(schedule: Mapping[str, Any]) -> State:
    """How a sync is, from its schedule and its newest run."""
    last = schedule["last"]
    if last is not None and last["state"] in UNDER_WAY:
        return RUN_STATES[last["state"]]
    if schedule["claim"] is not None or schedule["triggered_at"] is not None:
        return State("Queued", "live")
    if schedule["state"] == "paused":
        return State("Paused", "plain")
    if schedule["waits_for"] is not None:
        return State(f"After {schedule['waits_for']}", "plain")
    if last is None:
        return State("Not run yet", "plain")
    return RUN_STATES[last["state"]]


def is_under_way(schedule: Mapping[str, Any]) -> bool:
    """Whether a sync runs, or is about to."""
    return sync_state(schedule).look == "live"


def next_run(schedule: Mapping[str, Any], now: float) -> float | str:
    """When a sync runs next: a time, or why there is none to say."""
    if is_under_way(schedule):
        return "now"
    if schedule["state"] == "paused":
        return "paused"
    if schedule["waits_for"] is not None:
        return f"after {schedule['waits_for']}"
    due: float = schedule["due_at"]
    return "due now" if due <= now else due


def connection_state(row: Mapping[str, Any]) -> State:
    """How a connection of a list is."""
    if row["renewal_failed_at"] is not None or row["error"] is not None:
        return State("Credentials refused", "bad")
    if row["errors"]:
        return State("Sync failing", "bad")
    return State("Connected", "good")
