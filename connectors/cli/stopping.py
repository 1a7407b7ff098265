"""Ctrl-C while a run goes on: once lets calls under way end and saves, twice ends at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from connectors.cli.failures import INTERRUPTED
from connectors.cli.terminal import is_terminal

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"  # drawing hides it


@contextmanager
def stoppable(quiet: Callable[[], None]) -> Iterator[None]:
    """For a block, the first SIGINT or SIGTERM raises KeyboardInterrupt, and a second one ends the process.

    `quiet` is called at the first one, from the signal's handler.

    That is safe: what is committed is whole, and the next run goes on from there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.signal(name, _Handler(quiet)) for name in _SIGNALS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class _Handler:
    """Hears one of the signals."""

    def __init__(self, quiet: Callable[[], None]) -> None:
        self._quiet = quiet

    def __call__(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        for name in _SIGNALS:
            signal.signal(name, _end_at_once)
        self._quiet()
        _write(b"\nStopping: calls under way may end first. Once more ends at once; what is saved stays.\n")
        raise KeyboardInterrupt


def _end_at_once(number: int, frame: FrameType | None) -> None:
    del number, frame
    _write((_SHOW_CURSOR if is_terminal(sys.stderr) else b"") + b"\nInterrupted.\n")
    os._exit(INTERRUPTED)


def _write(text: bytes) -> None:
    """Past all buffers and locks: a signal comes at any moment."""
    os.write(2, text)
