"""A run while it goes on: drawn on a terminal, plain lines elsewhere, both on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.cli.terminal import amount, duration, is_terminal, tell

if TYPE_CHECKING:
    from connectors.cli.drawing import Drawn
    from connectors.engine.store.batch import Counts
    from connectors.runtime.ports import Waiting

_EVERY = 5.0  # seconds between two plain lines
_WORTH_SAYING = 1.0  # seconds of waiting
_LONG = 3.0  # seconds of waiting that are announced at once
_SAME = 1.0  # seconds by which the ends of one wait may differ between threads
_REASONS = {"budget": "the rate budget", "retry": "another attempt", "retry-after": "the provider"}


@contextmanager
def progress(title: str) -> Iterator[Lines | Drawn]:
    """What a run reports to, for a block."""
    if not is_terminal(sys.stderr):
        lines = Lines(title, tell, time.monotonic)
        yield lines
        lines.end()
        return
    from connectors.cli.drawing import drawn

    with drawn(title) as shown:
        yield shown


class Lines:
    """At most one line every five seconds; the first, the last, and each long wait always. Thread safe."""

    def __init__(self, title: str, write: Callable[[str], None], now: Callable[[], float]) -> None:
        self._title = title
        self._write = write
        self._now = now
        self._lock = threading.Lock()
        self._next = 0.0  # when another line may be written
        self._held: str | None = None  # the newest line that was not written
        self._announced = 0.0  # until when a wait was told
        self._silent = False

    def update(self, counts: Counts, *, done: int | None, of: int | None, requests: int) -> None:
        """Write how far it is."""
        far = "" if done is None else f" {done:,} of {of:,} listed;" if of is not None else f" {done:,} listed;"
        with self._lock:
            self._offer(f"{self._title}:{far} {summary(counts, requests)}")

    def waiting(self, waiting: Waiting) -> None:
        """Write what is waited for: a long wait before it begins, and once, however many threads wait."""
        if waiting.seconds < _WORTH_SAYING:
            return
        with self._lock:
            until = self._now() + waiting.seconds
            if until <= self._announced + _SAME:
                return
            long = waiting.seconds >= _LONG
            if long:
                self._announced = until
            self._offer(f"{self._title}: {wait_text(waiting, waiting.seconds)}", at_once=long)

    def quiet(self) -> None:
        """Say nothing more. Takes no lock: it is called from a signal's handler."""
        self._silent = True

    def end(self) -> None:
        """Write what was held back."""
        with self._lock:
            if self._held is not None and not self._silent:
                self._write(self._held)
            self._held = None

    def offer(self, text: str) -> None:
        """Write the line, or hold it back until it is its time."""
        with self._lock:
            self._offer(text)

    def _offer(self, text: str, *, at_once: bool = False) -> None:
        now = self._now()
        if self._next and now < self._next and not at_once:
            self._held = text
            return
        self._next, self._held = now + _EVERY, None
        if not self._silent:
            self._write(text)


def summary(counts: Counts, requests: int) -> str:
    """Counts in a line; those that are usually zero only when they are not."""
    parts = [f"{counts.added:,} added", f"{counts.updated:,} updated", f"{counts.deleted:,} deleted"]
    parts += [f"{counts.unchanged:,} unchanged"]
    parts += [f"{count:,} {name}" for name in ("rejected", "skipped") if (count := getattr(counts, name))]
    return f"{', '.join(parts)}; {amount(requests, 'request')}"


def wait_text(waiting: Waiting, left: float) -> str:
    """What is waited for, and how long still."""
    limit = waiting.limit
    figure = "" if limit is None else f" ({limit.calls} calls in {limit.window:g} s{', assumed' * limit.assumed})"
    return f"waiting {duration(left)} for {_REASONS.get(waiting.reason, waiting.reason)}{figure}"
