"""Stopping a run from within: its threads notice at the next call and while they wait."""

from __future__ import annotations

import threading

from connectors.errors import RunStopped
from connectors.runtime.ports import Clock

_SLICE = 0.5  # seconds; how long a sleeping thread may take to notice


class Readers:
    """Threads that are told together that nobody waits for them any more."""

    def __init__(self, above: Readers | None) -> None:
        self._above = above  # those whose thread started these
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether they were told."""
        return self._stopped.is_set() or (self._above is not None and self._above.stopped)

    def stop(self) -> None:
        """Wake them up; nobody else."""
        self._stopped.set()


class StoppableClock:
    """A clock whose sleepers wake up when the run is stopped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = threading.Event()
        self._thread = threading.local()

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

    def readers(self) -> Readers:
        """Make a group for threads that the calling thread starts."""
        return Readers(getattr(self._thread, "readers", None))

    def join(self, readers: Readers) -> None:
        """The calling thread is one of them."""
        self._thread.readers = readers

    def check(self) -> None:
        """Raises `RunStopped` once `stop` was called, here or for this thread's readers."""
        readers: Readers | None = getattr(self._thread, "readers", None)
        if self._stopped.is_set() or (readers is not None and readers.stopped):
            raise RunStopped
