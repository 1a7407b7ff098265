"""How many requests a caller may make in a minute, told on every answer. Counted in this process."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0  # seconds
_MOST_CALLERS = 10_000  # that are remembered at once


@dataclass(frozen=True)
class Spent:
    """What is left to a caller after a request."""

    limit: int
    remaining: int  # below 0: this one is too many
    resets_at: float  # Unix time

    def headers(self) -> dict[str, str]:
        """As every answer tells it."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(math.ceil(self.resets_at)),
        }


class Quota:
    """Counts by caller in windows of a minute; by the order in which these began."""

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        self._limit = limit
        self._now = now
        self._counts: dict[str, tuple[float, int]] = {}  # caller → end of its window, requests in it

    def spend(self, caller: str) -> Spent:
        """Count a request of that caller."""
        now = self._now()
        ends, count = self._counts.get(caller, (0.0, 0))
        if ends <= now or ends > now + WINDOW:  # over, or the clock was set back
            self._counts.pop(caller, None)
            if len(self._counts) >= _MOST_CALLERS:
                del self._counts[next(iter(self._counts))]  # whose window began first
            ends, count = now + WINDOW, 0
        self._counts[caller] = (ends, count + 1)
        return Spent(self._limit, self._limit - count - 1, ends)
