"""The published budgets: calls a window, by endpoint group, operation and plan."""

from __future__ import annotations

import math
from collections import deque

from .switches import Switches

PLANS = ("business", "enterprise")
READ, WRITE = (50, 250), (10, 20)  # also what operations without a published figure get
PUBLISHED = {
    ("documents", "read"): READ,
    ("documents", "update"): WRITE,
    ("folders", "read"): READ,
    ("folders", "create"): (10, 100),
    ("forks", "read"): READ,
    ("forks", "create"): (20, 100),
    ("forks", "delete"): (20, 100),
}


class Limits:
    """Counts the calls that were let through. Not locked: its owner is."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def spend(self, group: str, operation: str, switches: Switches, now: float) -> float | None:
        """Count one call, or say in how many seconds there is room for it again."""
        if switches.plan == "none":
            return None
        figures = PUBLISHED.get((group, operation)) or (READ if operation == "read" else WRITE)
        calls = self._calls.setdefault((group, operation), deque())
        length = switches.window_seconds
        start = now - length if switches.window == "sliding" else math.floor(now / length) * length
        while calls and (calls[0] < start or (calls[0] == start and switches.window == "sliding")):
            calls.popleft()
        if len(calls) < figures[PLANS.index(switches.plan)]:
            calls.append(now)
            return None
        return (calls[0] if switches.window == "sliding" else start) + length - now
