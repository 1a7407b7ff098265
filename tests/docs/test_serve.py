"""`make serve` prints lines that connect an account, call it and read its records; they are run as they are printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
LINK = re.compile(r"(http://\S+?)/connect/\?session_token=(\S+)")
LAST = "sleep 1; done"  # how what is printed ends
SECONDS = 60  # a server stands by then

pytestmark = pytest.mark.usefixtures("clean_environment")


@contextmanager
def served(home: Path) -> Iterator[str]:
    """What `make serve` prints, while it serves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    before = {**os.environ, "CONNECTORS_HOME": str(home), "CONNECTORS_PORT": port, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "connectors.cli.quickstart"]
    with subprocess.Popen(command, env=before, cwd=home.parent, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield _printed(server)
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=40)


def _printed(server: subprocess.Popen[str]) -> str:
    lines, until = [], time.monotonic() + SECONDS
    while time.monotonic() < until and not (lines and lines[-1].endswith(LAST)):
        line = server.stdout.readline()
        assert line, "".join(lines)
        lines.append(line.rstrip())
    return "\n".join(lines)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_lines_connect_call_and_read(tmp_path: Path) -> None:
    with served(tmp_path / "home") as printed:
        lines = printed.split("In another shell:\n", 1)[1]
        environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
        typed = ["sh", "-e", "-c", lines]
        done = subprocess.run(typed, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    integrations, connection, groups, triggered, records = map(json.loads, done.stdout.splitlines())
    assert [each["provider"] for each in integrations["data"]] == ["paligo"]
    assert connection["connection_id"] == "acme"
    assert groups["groups"]
    assert triggered == {"success": True}
    assert {record["_nango_metadata"]["last_action"] for record in records["records"]} == {"ADDED"}


def test_the_printed_link_opens_a_session_for_paligo(tmp_path: Path) -> None:
    with served(tmp_path / "home") as printed:
        url, token = LINK.findall(printed)[0]
        bearer = {"Authorization": f"Bearer {token}"}
        with requests.Session() as session:
            session.trust_env = False
            page = session.get(f"{url}/connect/", timeout=10)
            opened = session.get(f"{url}/connect/session", headers=bearer, timeout=10).json()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert opened["data"]["allowed_integrations"] == ["paligo"]


def test_the_key_is_printed_the_first_time_only(tmp_path: Path) -> None:
    with served(tmp_path / "home") as printed:
        assert len(KEY.findall(printed)) == 1
    with served(tmp_path / "home") as again:
        assert KEY.findall(again) == []
        assert "connectors env keys dev --add" in again


def test_make_serve_is_what_these_tests_run() -> None:
    rule = re.search(r"^serve: .*\n\t(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert rule is not None
    assert rule[1] == "@$(BIN)/python -m connectors.cli.quickstart"
