"""What a sync says of itself, shown on standard error while it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.cli.terminal import tell
from connectors.engine.run_log import LOGGER


class _Told(logging.Handler):
    """Says each line; a progress that is being drawn moves out of the way by itself."""

    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())


@contextmanager
def run_log() -> Iterator[None]:
    """Show what the syncs of a block log, from INFO on."""
    logger, handler, level = logging.getLogger(LOGGER), _Told(), logging.getLogger(LOGGER).level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
