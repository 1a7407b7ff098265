"""The log of a server or a worker: a JSON object a line, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

QUIET = ("urllib3", "uvicorn.access", "procrastinate")  # say addresses with their queries, which may hold a token


def log_as_json() -> None:
    """Write what this process logs as lines of JSON, and less of what libraries say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for quiet in QUIET:
        logging.getLogger(quiet).setLevel(logging.WARNING)


class Lines(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__  # what it says may hold what a caller sent
        return json.dumps(line, ensure_ascii=False)
