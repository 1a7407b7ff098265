"""Cuts a connection when its time is over, however slowly bytes still drip in."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class Deadline:
    """The end of one call's time. `passed` tells that the connection was cut because of it."""

    __slots__ = ("at", "passed", "socket")

    def __init__(self) -> None:
        self.at = 0.0  # monotonic seconds
        self.passed = False
        self.socket: socket.socket | None = None  # what to cut; set once it is there

    def cut(self) -> None:
        """End the connection: whoever reads or writes it gets an error at once."""
        self.passed = True
        if self.socket is not None:
            with suppress(OSError):
                # The method of the plain socket: the one of a TLS socket would change it under the reader.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class Deadlines:
    """One daemon thread for all calls of a transport; it runs only while there is something to watch."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._active: set[Deadline] = set()
        self._wakes_at: float | None = None  # None: no thread runs

    def watch(self, seconds: float) -> Deadline:
        """Start the time of a call. Hand the result to `forget` when the call is over."""
        deadline = Deadline()
        self.restart(deadline, seconds)
        return deadline

    def restart(self, deadline: Deadline, seconds: float) -> None:
        """Give a call this much time from now on."""
        with self._changed:
            deadline.at = time.monotonic() + seconds
            self._active.add(deadline)
            if self._wakes_at is None:
                self._wakes_at = deadline.at
                threading.Thread(target=self._run, name="connectors-deadlines", daemon=True).start()
            elif deadline.at < self._wakes_at:
                self._changed.notify()

    def forget(self, deadline: Deadline) -> None:
        """The call is over; nothing is cut any more. Forgetting twice is harmless."""
        with self._changed:
            self._active.discard(deadline)

    def close(self) -> None:
        """Forget all, and let the thread end."""
        with self._changed:
            self._active.clear()
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._active:
                now = time.monotonic()
                for deadline in [each for each in self._active if each.at <= now]:
                    self._active.discard(deadline)
                    deadline.cut()
                if self._active:
                    self._wakes_at = min(each.at for each in self._active)
                    self._changed.wait(max(0.0, self._wakes_at - now))
            self._wakes_at = None
