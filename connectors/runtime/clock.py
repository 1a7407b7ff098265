"""The real time."""

from __future__ import annotations

import time


class SystemClock:
    """The `Clock` of a host that has no other: wall-clock time, and sleeping that really sleeps."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass. Nothing happens for zero or less."""
        if seconds > 0:
            time.sleep(seconds)
