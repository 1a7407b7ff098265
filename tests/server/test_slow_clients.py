"""Who holds a connection without asking, or never ends what he says, is let go."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from connectors.engine.host import Host
from connectors.server import reading
from connectors.server.app import App
from connectors.server.guarded import GuardedProtocol
from tests.server.conftest import Running

HEAD = b"GET /health HTTP/1.1\r\nHost: here\r\n"


class Impatient(GuardedProtocol):
    longest_head = 0.5
    largest_head = 10_000


@pytest.fixture
def database_url() -> str:
    return ""  # which store it is makes no difference here


@pytest.fixture
def url(host: Host) -> Iterator[str]:
    with Running(App(host), http=Impatient, timeout_keep_alive=1) as running:
        yield running.url


def connected(url: str) -> socket.socket:
    made = socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 0), timeout=20)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def rest(connection: socket.socket) -> bytes:
    """All that still comes until the server closes."""
    found = b""
    try:
        while piece := connection.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize("said", [b"", b"\r\n", b"GET /hea", HEAD, HEAD + b"\r\n" + b"\r\n", HEAD + b"\r\n" + HEAD])
def test_a_connection_that_asks_nothing_more_is_closed(url: str, said: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(said)
        answer = rest(connection)  # it would wait for 20 s
    assert answer.startswith(b"HTTP/1.1 200 OK") is (HEAD + b"\r\n" in said)


def test_a_head_that_comes_drop_by_drop_is_not_waited_for(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(HEAD)
        with pytest.raises(ConnectionError):
            drip(connection)


def drip(connection: socket.socket) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("field", [b"x" * 100, b"X: y\r\n"])
def test_a_head_without_end_is_refused(url: str, field: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(HEAD)
        try:
            for _ in range(20_000):
                connection.sendall(field)
        except ConnectionError:
            return
        assert rest(connection).startswith(b"HTTP/1.1 400")


def test_a_body_that_never_ends_is_refused(url: str, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading.pieces, "__kwdefaults__", {"largest": reading.LARGEST_BODY, "longest": 0.5})
    key = host.environments.create("dev").key.encode()
    head = b"Authorization: Bearer " + key + b"\r\nConnection: close\r\nContent-Length: 1000\r\n"
    named = b"Connection-Id: one\r\nProvider-Config-Key: plain\r\n"
    for path in (b"/connections", b"/proxy/x", b"/connect/telemetry"):
        with connected(url) as connection:
            connection.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: here\r\n" + head + named + b'\r\n{"a":')
            answer = rest(connection)
        assert answer.startswith(b"HTTP/1.1 400"), answer
        assert b"took longer than 0.5 seconds" in answer


def test_a_slow_answer_is_no_silence_of_its_caller(url: str, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a head ends with the head, however long the answer takes."""
    monkeypatch.setattr(type(host.environments), "list", lambda _: time.sleep(1.5) or [])
    with connected(url) as connection:
        connection.sendall(HEAD.replace(b"health", b"ready") + b"Connection: close\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 200 OK")
