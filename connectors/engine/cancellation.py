"""Stopping a run from within: its threads notice at the next call and while they wait."""

from __future__ import annotations

import threading

from connectors.errors import RunStopped
from connectors.runtime.ports import Clock

_SLICE = 0.5  # seconds; how long a sleeping thread may take to notice


class StoppableClock:
    """A clock whose sleepers wake up when the run is stopped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = threading.Event()

    def now(self) -> float:
        """Unix time in seconds."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises `RunStopped` once `stop` was called."""
        left = seconds
        while left > 0:
            self.check()
            step = min(left, _SLICE)
            self._clock.sleep(step)
            left -= step
        self.check()

    def stop(self) -> None:
        """Wake everybody up."""
        self._stopped.set()

    def resume(self) -> None:
        """Let time pass again."""
        self._stopped.clear()

    def check(self) -> None:
        """Raises `RunStopped` once `stop` was called."""
        if self._stopped.is_set():
            raise RunStopped
