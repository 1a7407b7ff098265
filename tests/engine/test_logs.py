"""What a server and a worker log: a JSON object a line, with facts, without what an error says."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from connectors.engine.logs import QUIET, Lines


def test_a_line_holds_time_level_logger_message_and_facts() -> None:
    record = logging.LogRecord("connectors.server", logging.INFO, "f.py", 1, "GET %s", ("/health",), None)
    record.facts = {"request_id": "abc", "status": 200}
    line = json.loads(Lines().format(record))
    assert line.pop("time").endswith("+00:00")
    told = {
        "level": "info",
        "logger": "connectors.server",
        "message": "GET /health",
        "request_id": "abc",
        "status": 200,
    }
    assert line == told


def test_of_an_error_only_its_kind_is_logged() -> None:
    try:
        raise ValueError("s3cr3t")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "failed", (), sys.exc_info())
    text = Lines().format(record)
    assert json.loads(text)["error"] == "ValueError"
    assert "s3cr3t" not in text


def test_a_worker_logs_as_json_too_and_libraries_say_less(tmp_path: Path) -> None:
    probe = (
        "import logging, os, signal, threading\n"
        "from connectors.cli.main import cli\n"
        "def told():\n"
        "    logging.getLogger('any').info('hello')\n"
        f"    logging.getLogger({QUIET[0]!r}).info('quiet')\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "threading.Timer(2, told).start()\n"
        "cli(['worker', '--at-most', '5'])\n"
    )
    environ = {"CONNECTORS_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", probe], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [line["message"] for line in lines if line["logger"] in ("any", QUIET[0])] == ["hello"], done.stderr
