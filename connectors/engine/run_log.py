"""The logger of one run or action call: its lines say whose they are, and hold no secret."""

from __future__ import annotations

import logging
import traceback

from connectors.runtime.redact import Redactor

SYNCS = "connectors.sync"  # the parent of every run's logger
ACTIONS = "connectors.action"  # … of every action call's


def run_logger(provider: str, sync: str, run: int | None, redactor: Redactor) -> logging.Logger:
    """A logger of its own for one run (None: a dry run); what it is told goes on to `connectors.sync`."""
    return _logger(f"{SYNCS}.{provider}.{sync}", "dry-run" if run is None else f"run-{run}", redactor)


def call_logger(provider: str, action: str, redactor: Redactor) -> logging.Logger:
    """A logger of its own for one action call; what it is told goes on to `connectors.action`."""
    return _logger(f"{ACTIONS}.{provider}.{action}", "call", redactor)


def _logger(parent: str, name: str, redactor: Redactor) -> logging.Logger:
    logger = logging.Logger(f"{parent}.{name}")
    logger.parent = logging.getLogger(parent)
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
