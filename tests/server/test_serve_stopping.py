"""SIGTERM: no new request is taken, what is under way ends, and what a sync had saved is there for the next start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server.test_serve import SOON, Process

_PIECES = 10
_CONNECTOR = '''
from connectors import Connector
from connectors.authoring import sync


@sync("Thing", every="1h")
def things(run):
    """Things, forever."""
    for number in range(run.checkpoint["at"] if run.checkpoint else 0, 1_000_000):
        run.get("/one")
        yield {"id": str(number)}


connector = Connector(functions=(things,))
'''
_DEFINITION = """
slow:
    display_name: Slow
    categories: [other]
    auth_mode: API_KEY
    proxy:
        base_url: URL
        headers:
            authorization: Bearer ${apiKey}
    docs: https://example.com
    credentials:
        apiKey:
            type: string
            title: API Key
            description: A key.
"""


class Slow(BaseHTTPRequestHandler):
    """`/pieces` takes two seconds to say ten words; everything else a moment."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        pieces = _PIECES if self.path == "/pieces" else 1
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(pieces):
            self.wfile.write(b"4\r\nword\r\n")
            self.wfile.flush()
            time.sleep(2 / _PIECES if pieces > 1 else 0.02)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Process, dict[str, str]]]:
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    package = tmp_path / "slow"
    (package / "schemas" / "slow").mkdir(parents=True)
    url = f"http://127.0.0.1:{upstream.server_port}"
    (package / "providers.yaml").write_text(_DEFINITION.replace("URL", url), "utf-8")
    (package / "__init__.py").write_text(_CONNECTOR, "utf-8")
    (package / "schemas" / "slow" / "Thing.json").write_text('{"type": "object"}', "utf-8")
    environ = {"CONNECTORS_PATH": str(package), "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on"}
    process = Process(tmp_path, **environ)
    process.until_ready()
    key = process.output.split("shown this once: ")[1].split()[0]
    headers = {"Authorization": f"Bearer {key}", "Provider-Config-Key": "slow", "Connection-Id": "acme"}
    ask(process, headers, "/integrations", {"provider": "slow", "unique_key": "slow"})
    credentials = {"type": "API_KEY", "apiKey": "k"}
    given = {"provider_config_key": "slow", "connection_id": "acme", "credentials": credentials}
    ask(process, headers, "/connections", given)
    yield process, headers
    process.end()
    upstream.shutdown()
    upstream.server_close()


def ask(process: Process, headers: dict[str, str], path: str, body: Any) -> None:
    requests.post(process.url + path, headers=headers, json=body, timeout=10).raise_for_status()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_answer_that_is_streamed_ends_whole(served: tuple[Process, dict[str, str]]) -> None:
    process, headers = served
    with requests.get(f"{process.url}/proxy/pieces", headers=headers, stream=True, timeout=10) as answer:
        pieces = answer.iter_content(4)
        first = next(pieces)
        ended: list[int] = []
        stopping = threading.Thread(target=lambda: ended.append(process.end()))
        stopping.start()
        assert first + b"".join(pieces) == b"word" * _PIECES
        stopping.join(SOON)
    assert ended == [0]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{process.url}/health", timeout=2)


def test_a_sync_stops_with_what_it_saved(served: tuple[Process, dict[str, str]], tmp_path: Path) -> None:
    process, headers = served

    def some() -> bool:
        found = requests.get(f"{process.url}/records?model=Thing", headers=headers, timeout=10)
        return found.status_code == 200 and bool(found.json()["records"])

    until(some)
    began = time.monotonic()
    assert process.end() == 0
    assert time.monotonic() - began < 10
    command = [sys.executable, "-m", "connectors", "runs", "--json"]
    environ = {
        "CONNECTORS_HOME": str(tmp_path / "home"),
        "CONNECTORS_PATH": str(tmp_path / "slow"),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert [run["state"] for run in json.loads(done.stdout)] == ["interrupted"]
