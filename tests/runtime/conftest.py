"""A local server that answers as a test tells it, byte by byte if need be, and a client for it."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.runtime.catalog import Provider
from connectors.runtime.client import Client
from connectors.runtime.connection import Connection
from connectors.runtime.hosts import HostPolicy
from connectors.testing import FakeClock

SECRET = "s3cr3t-Key/+value"


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """An answer. `raw` replaces everything; `after` is done with the socket once it is written."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    after: Callable[[socket.socket], None] | None = None

    def octets(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.settimeout(10)
        connection.recv(1)


def drip(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for _ in range(2000):
            connection.sendall(b"x")
            time.sleep(0.005)


class ScriptedServer:
    """Gives the replies of its script one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.script: list[Reply | Callable[[Seen], Reply]] = [Reply()]
        self.seen: list[Seen] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def wait_until_closed(self) -> None:
        """Until every connection made so far has been closed by this side."""
        for thread in list(self._threads):
            thread.join(5)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in [self._accepting, *self._threads]:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with self._lock:
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError):
            while (seen := _read(stream)) is not None:
                with self._lock:
                    self.seen.append(seen)
                    step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                reply = step(seen) if callable(step) else step
                connection.sendall(reply.octets())
                if reply.after is not None:
                    reply.after(connection)
                if reply.after is not None or reply.raw is not None:
                    break
        with self._lock:
            self._open.discard(connection)


def _read(stream: Any) -> Seen | None:
    line = stream.readline().decode("latin-1").split()
    if len(line) < 2:
        return None
    headers: dict[str, str] = {}
    while (text := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while (size := int(stream.readline(), 16)) > 0:
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(headers.get("content-length", 0)))
    return Seen(line[0], line[1], headers, body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def other_server(server: ScriptedServer) -> Iterator[ScriptedServer]:
    other = ScriptedServer()
    yield other
    other.close()


@pytest.fixture
def connection_to() -> Callable[..., Connection]:
    """A connection whose definition is given by keyword, on top of a plain one with a key in a header."""

    def make(
        base_url: str, *, metadata: dict[str, Any] | None = None, key: str = SECRET, **definition: Any
    ) -> Connection:
        proxy = {
            "base_url": base_url,
            "headers": {"x-api-key": "${apiKey}", "x-plain": "here"},
            **definition.pop("proxy", {}),
        }
        full = {"display_name": "Acme", "auth_mode": "API_KEY", "proxy": proxy, **definition}
        credentials = {"type": full["auth_mode"], "apiKey": key}
        return Connection(Provider("acme", full, "test.yaml"), {}, credentials, metadata or {})

    return make


@pytest.fixture
def client_to(
    server: ScriptedServer, connection_to: Callable[..., Connection], fake_clock: FakeClock
) -> Iterator[Callable[..., Client]]:
    """A client for the scripted server that never really waits. Keywords: the definition's, and `options`."""
    made: list[Client] = []

    def make(options: dict[str, Any] | None = None, **definition: Any) -> Client:
        connection = connection_to(definition.pop("base_url", server.url), **definition)
        given = {"policy": HostPolicy(allow_private=True), "clock": fake_clock, **(options or {})}
        made.append(Client(connection, **given))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def replies() -> type[Reply]:
    return Reply


@pytest.fixture
def mishaps() -> dict[str, Callable[[socket.socket], None]]:
    """What a server can do to a connection after its answer."""
    return {"reset": reset, "hang": hang, "drip": drip}
