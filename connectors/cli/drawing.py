"""A run drawn over and over on a terminal: a bar with the time left, counts below it, and what is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from connectors.cli.progress import summary, wait_text
from connectors.cli.terminal import duration, plain
from connectors.engine.store.batch import Counts
from connectors.runtime.ports import Waiting

_FIRST = 0.5  # seconds before anything is drawn: an error that comes at once is not preceded by a flash
_WORTH_DRAWING = 1.0  # seconds of waiting
_BAR = 20  # characters


@contextmanager
def drawn(title: str) -> Iterator[Drawn]:
    """A drawing on standard error, for a block; nothing of it stays."""
    shown = Drawn(title, Console(stderr=True), time.monotonic)
    first = threading.Timer(_FIRST, shown.start)
    first.daemon = True
    first.start()
    try:
        yield shown
    finally:
        first.cancel()
        shown.stop()


class Drawn:
    """The drawing of one run. Thread safe."""

    def __init__(self, title: str, console: Console, now: Callable[[], float]) -> None:
        words = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=_BAR))
        times = (TimeElapsedColumn(), _Left(self._left))
        self._now = now
        self._began = now()
        self._lock = threading.Lock()
        self._ended = False
        self._counts = ""
        self._far: tuple[int, int | None] = (0, None)  # of how many, if that is known
        self._wait: tuple[Waiting, float] | None = None  # the newest one, and when it ends
        self._screen = _Screen(self._below, SpinnerColumn(), *words, *times, console=console, transient=True)
        self._task = self._screen.add_task(plain(title), total=None)

    def start(self) -> None:
        """Begin to draw, unless it is over already."""
        with self._lock:
            if not self._ended:
                self._screen.start()

    def stop(self) -> None:
        """End drawing, for good."""
        with self._lock:
            self._ended = True
            self._screen.stop()

    def quiet(self) -> None:
        """Nothing to do: the drawing goes away by itself when the run ends."""

    def update(self, counts: Counts, *, done: int | None, of: int | None, requests: int) -> None:
        """Draw how far it is."""
        self._counts = summary(counts, requests)
        saved = counts.total + counts.skipped
        # What is listed has still to be read; and the sync's measure need not be records. So the smaller counts.
        far = saved if done is None else min(done, saved)
        self._far = (far, of)
        self._screen.update(self._task, completed=far, total=of)
        self.start()

    def waiting(self, waiting: Waiting) -> None:
        """Draw what is waited for."""
        if waiting.seconds >= _WORTH_DRAWING:
            self._wait = (waiting, self._now() + waiting.seconds)
            self.start()

    def _left(self) -> str:
        """The rest at the pace so far, in which the wait that is under way counts whole."""
        far, of = self._far
        if not of or not 0 < far < of:
            return ""
        wait = self._wait_left()
        pace = (self._now() + wait - self._began) / far
        return f"{duration(wait + pace * (of - far))} left"

    def _wait_left(self) -> float:
        return 0.0 if self._wait is None else max(0.0, self._wait[1] - self._now())

    def _below(self) -> Iterator[str]:
        if self._counts:
            yield self._counts
        left = self._wait_left()
        if self._wait is not None and left > 0:
            yield wait_text(self._wait[0], left)


class _Left(ProgressColumn):
    """The time left, asked for each time it is drawn."""

    def __init__(self, left: Callable[[], str]) -> None:
        self._left = left
        super().__init__()

    def render(self, task: Task) -> Text:
        """The text."""
        del task
        return Text(self._left(), no_wrap=True)


class _Screen(Progress):
    """A bar with lines of text below it, asked for each time it is drawn."""

    def __init__(self, below: Callable[[], Iterable[str]], *columns: ProgressColumn, **options: Any) -> None:
        self._texts = below
        super().__init__(*columns, **options)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar and the lines."""
        yield from super().get_renderables()
        for text in self._texts():
            yield Text(f"  {text}", overflow="ellipsis", no_wrap=True)
