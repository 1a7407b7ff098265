"""What a sync or an action says of itself, shown on standard error while it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.cli.terminal import tell
from connectors.engine.run_log import ACTIONS, SYNCS


class _Told(logging.Handler):
    """Says each line; a progress that is being drawn moves out of the way by itself."""

    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())


@contextmanager
def run_log() -> Iterator[None]:
    """Show what the syncs and actions of a block log, from INFO on."""
    handler, loggers = _Told(), [logging.getLogger(name) for name in (SYNCS, ACTIONS)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
