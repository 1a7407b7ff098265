"""A run while it goes on: drawn on a terminal, plain lines elsewhere, both on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.cli.terminal import amount, duration, is_terminal, plain, tell

if TYPE_CHECKING:
    from rich.progress import Progress as Drawing
    from rich.progress import TaskID

    from connectors.engine.report import Progress
    from connectors.engine.store.batch import Counts
    from connectors.runtime.ports import Waiting

_EVERY = 5.0  # seconds between two plain lines
_WORTH_SAYING = 1.0  # seconds of waiting
_REASONS = {"budget": "the rate budget", "retry": "another attempt", "retry-after": "the provider"}


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """What a run reports to, for a block."""
    if not is_terminal(sys.stderr):
        lines = Lines(title, tell, time.monotonic)
        yield lines
        lines.end()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=20))
    times = (TextColumn("{task.fields[counts]}", markup=False), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, *times, console=Console(stderr=True), transient=True) as drawing:
        yield Drawn(drawing, drawing.add_task(plain(title), total=None, counts=""))


class Drawn:
    """A line that is drawn over and over."""

    def __init__(self, drawing: Drawing, task: TaskID) -> None:
        self._drawing = drawing
        self._task = task

    def update(self, counts: Counts, *, done: int | None, of: int | None, requests: int) -> None:
        """Draw how far it is."""
        shown = done if done is not None else counts.total
        self._drawing.update(self._task, completed=shown, total=of, counts=summary(counts, requests))

    def waiting(self, waiting: Waiting) -> None:
        """Draw what is waited for."""
        if waiting.seconds >= _WORTH_SAYING:
            self._drawing.update(self._task, counts=_wait(waiting))


class Lines:
    """At most one line every five seconds; the first and the last always. Thread safe."""

    def __init__(self, title: str, write: Callable[[str], None], now: Callable[[], float]) -> None:
        self._title = title
        self._write = write
        self._now = now
        self._lock = threading.Lock()
        self._next = 0.0  # when another line may be written
        self._held: str | None = None  # the newest line that was not written

    def update(self, counts: Counts, *, done: int | None, of: int | None, requests: int) -> None:
        """Write how far it is."""
        far = "" if done is None else f" {done:,} of {of:,} looked at;" if of is not None else f" {done:,} looked at;"
        self._offer(f"{self._title}:{far} {summary(counts, requests)}")

    def waiting(self, waiting: Waiting) -> None:
        """Write what is waited for."""
        if waiting.seconds >= _WORTH_SAYING:
            self._offer(f"{self._title}: {_wait(waiting)}")

    def end(self) -> None:
        """Write what was held back."""
        with self._lock:
            if self._held is not None:
                self._write(self._held)
                self._held = None

    def _offer(self, text: str) -> None:
        with self._lock:
            now = self._now()
            if self._next and now < self._next:
                self._held = text
                return
            self._next, self._held = now + _EVERY, None
            self._write(text)


def summary(counts: Counts, requests: int) -> str:
    """Counts in a line; those that are usually zero only when they are not."""
    parts = [f"{counts.added:,} added", f"{counts.updated:,} updated", f"{counts.deleted:,} deleted"]
    parts += [f"{counts.unchanged:,} unchanged"]
    parts += [f"{count:,} {name}" for name in ("rejected", "skipped") if (count := getattr(counts, name))]
    return f"{', '.join(parts)}; {amount(requests, 'request')}"


def _wait(waiting: Waiting) -> str:
    limit = waiting.limit
    figure = "" if limit is None else f" ({limit.calls} calls in {limit.window:g} s{', assumed' * limit.assumed})"
    return f"waiting {duration(waiting.seconds)} for {_REASONS.get(waiting.reason, waiting.reason)}{figure}"
