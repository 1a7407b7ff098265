"""`connectors serve` in a fresh data folder: what it prints is enough to connect an account, call it, read records."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import requests

from connectors.paligo.emulator import Account, Emulator, Switches

SOON = 30  # seconds


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Process:
    """The command, its output in a file."""

    def __init__(self, folder: Path, *options: str, into: IO[bytes] | None = None, **environ: str) -> None:
        self._output = folder / "serve.txt"
        own = {"CONNECTORS_HOME": str(folder / "home"), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "connectors", "serve", "--port", str(self.port), *options],
                env={**own, **environ},
                stdout=into or output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._output.read_text("utf-8")

    def until_ready(self) -> float:
        return self.until_listening("/ready")

    def until_listening(self, path: str = "/health") -> float:
        began = time.monotonic()
        while time.monotonic() < began + SOON:
            assert self._process.poll() is None, self.output
            try:
                if requests.get(f"{self.url}{path}", timeout=2).status_code == 200:
                    return time.monotonic() - began
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError(self.output)

    def wait(self) -> int:
        return self._process.wait(SOON)

    def end(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(SOON)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Account.generate(documents=12), Switches(plan="none")) as running:
        yield running


def test_the_lines_that_are_printed_connect_call_and_read_as_they_stand(tmp_path: Path, emulator: Emulator) -> None:
    process = Process(tmp_path, **emulator.environment())
    try:
        process.until_ready()
        printed = process.output
        lines = [line.strip() for line in printed.splitlines() if line.startswith("  ")]
        account = {"INSTANCE": emulator.instance, "EMAIL": emulator.username, "API_KEY": emulator.api_key}
        environ = {**account, "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
        # The last line is repeated until the sync that the line before it asks for has brought something.
        repeated = f"for _ in $(seq 100); do {lines[-1]} > last; grep -q '\"id\"' last && break; sleep 0.1; done"
        script = "\n".join(f"{line}\n{'echo' if 'curl' in line else ''}" for line in [*lines[:-1], repeated])
        done = subprocess.run(
            ["bash", "-ec", script], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=True
        )
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        assert answers[0]["data"]["unique_key"] == "paligo"
        assert answers[1]["connection_id"] == "acme"
        assert len(answers[2]["documents"]) == 2
        assert answers[3] == {"success": True}
        records = json.loads((tmp_path / "last").read_text("utf-8"))
        assert len(records["records"]) == 2
        assert records["next_cursor"]
        assert emulator.api_key not in process.output
    finally:
        assert process.end() == 0
    assert b"Traceback" not in process.output.encode()


def test_the_key_is_printed_the_first_time_only(tmp_path: Path) -> None:
    first = Process(tmp_path)
    first.until_ready()
    assert first.end() == 0
    key = first.output.split("shown this once: ")[1].split()[0]
    again = Process(tmp_path)
    try:
        again.until_ready()
        assert "Authorization" not in again.output
        asked = requests.get(f"{again.url}/connections", headers={"Authorization": f"Bearer {key}"}, timeout=5)
        assert asked.json() == {"connections": []}
    finally:
        assert again.end() == 0
    assert key not in again.output
    database = b"".join(file.read_bytes() for file in (tmp_path / "home").iterdir() if file.is_file())
    assert key.encode() not in database


@pytest.mark.parametrize(
    ("environ", "warned"),
    [
        ({}, True),
        ({"CONNECTORS_PUBLIC_URL": "https://c.example"}, False),
        ({"CONNECTORS_PUBLIC_URL": "http://c"}, True),
    ],
)
def test_a_server_for_others_without_https_is_warned_about(
    tmp_path: Path, environ: dict[str, str], warned: bool
) -> None:
    process = Process(tmp_path, "--host", "0.0.0.0", **environ)
    process.until_ready()
    assert process.end() == 0
    assert ("warning: others than this machine" in process.output) == warned


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = str(held.getsockname()[1])
        process = Process(tmp_path, "--port", port)
        assert process.wait() != 0
    assert f"The server cannot listen at 127.0.0.1:{port}" in process.output
    assert "Traceback" not in process.output
