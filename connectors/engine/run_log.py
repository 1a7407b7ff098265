"""The logger of one run: its lines name the run, and hold no secret."""

from __future__ import annotations

import logging
import traceback

from connectors.runtime.redact import Redactor

LOGGER = "connectors.sync"  # the parent of every run's logger


def run_logger(provider: str, sync: str, run: int | None, redactor: Redactor) -> logging.Logger:
    """A logger of its own for one run (None: a dry run); what it is told goes on to `connectors.sync`."""
    parent = logging.getLogger(f"{LOGGER}.{provider}.{sync}")
    logger = logging.Logger(f"{parent.name}.{'dry-run' if run is None else f'run-{run}'}")
    logger.parent = parent
    logger.addFilter(_Redacting(redactor))
    return logger


class _Redacting(logging.Filter):
    """Takes secrets out of a line before any handler sees it, its traceback included."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.msg, record.args = self._redactor.text(text), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True
