"""Time that a test owns: waits are decided, noted, and over at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from connectors.runtime.clock import SystemClock

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z


class FakeClock:
    """A `Clock` that stands still until somebody sleeps. Thread safe.

    `slept` holds every wait in order, in seconds.
    """

    def __init__(self, now: float = START) -> None:
        self.slept: list[float] = []
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> float:
        """Unix time in seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let this much of the clock's own time pass, at once."""
        with self._lock:
            self.slept.append(seconds)
            self._now += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without a wait."""
        with self._lock:
            self._now += seconds


@contextmanager
def instant() -> Iterator[FakeClock]:
    """Nobody sleeps: inside, every `SystemClock` of this process runs on one `FakeClock`, which is given."""
    clock = FakeClock(SystemClock().now())

    def now(_: SystemClock) -> float:
        return clock.now()

    def sleep(_: SystemClock, seconds: float) -> None:
        clock.sleep(seconds)

    with mock.patch.object(SystemClock, "now", now), mock.patch.object(SystemClock, "sleep", sleep):
        yield clock
