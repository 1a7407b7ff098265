"""An action while it goes on: plain lines on standard error, few and far between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connectors.cli.progress import Lines
from connectors.cli.terminal import plain, tell

if TYPE_CHECKING:
    from connectors.runtime.ports import Waiting


_LONGEST = 200  # characters of a message, which may be the provider's


class ActionLines:
    """At most one line every five seconds; the first and the last always."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._lines = Lines(title, tell, time.monotonic)

    def update(self, done: int, of: int | None, message: str | None) -> None:
        """Write how far it is."""
        far = f"{done:,}" if of is None else f"{done:,} of {of:,}"
        self._lines.offer(f"{self._title}: {far}{f'; {plain(message)[:_LONGEST]}' if message else ''}")

    def waiting(self, waiting: Waiting) -> None:
        """Write what is waited for."""
        self._lines.waiting(waiting)

    def quiet(self) -> None:
        """Say nothing more."""
        self._lines.quiet()

    def end(self) -> None:
        """Write what was held back."""
        self._lines.end()
