"""Providers that break the rules of HTTP: the caller gets an answer all the same, and it is his own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from connectors.runtime.hosts import HostPolicy
from tests.server.data_world import World

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"


class Raw:
    """Answers each request with bytes that a test chooses; keeps the connection."""

    def __init__(self, answer: Callable[[socket.socket, bytes], None]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        with accepted:
            try:
                while request := accepted.recv(65_536):
                    self._answer(accepted, request)
            except OSError:
                pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    made = World(tmp_path).start()
    made.host.policy = HostPolicy(allow_private=True, override="any")
    yield made
    made.close()


@pytest.fixture
def ask(world) -> Iterator[Callable]:
    """Proxies a call to a provider that answers so."""
    opened = []

    def to(answer):
        opened.append(Raw(answer if callable(answer) else lambda sent, _: sent.sendall(answer)))
        return lambda path="/x": world.ask(
            "GET", f"/proxy/{path.lstrip('/')}", headers={"Base-Url-Override": opened[-1].url}
        )

    yield to
    for each in opened:
        each.close()


@pytest.mark.parametrize("value", [b"a\x00b", b"a\x01b", b"\x7f", b"a\x0bb"])
def test_a_header_that_cannot_be_sent_on_is_left_out(ask, value):
    answer = ask(OK + b"X-Odd: " + value + b"\r\nX-Good: yes\r\n\r\nok")()
    assert (answer.status_code, answer.text, answer.headers["X-Good"]) == (200, "ok", "yes")
    assert "X-Odd" not in answer.headers


@pytest.mark.parametrize("status", [600, 999])
def test_a_status_that_nobody_can_send_becomes_a_bad_gateway_with_the_providers_body(ask, status):
    answer = ask(f"HTTP/1.1 {status} Odd\r\nContent-Length: 2\r\n\r\nok".encode())()
    assert (answer.status_code, answer.text) == (502, "ok")


def test_an_early_hint_is_not_the_answer_and_leaves_nothing_for_the_next_caller(ask):
    def hinting(sent, request):
        path = request.split(b" ")[1].rpartition(b"/")[2]
        sent.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style>; rel=preload\r\n\r\n")
        time.sleep(0.2)
        sent.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))

    call = ask(hinting)
    assert [(answer.status_code, answer.text) for answer in map(call, ("/mine", "/yours"))] == [
        (200, "mine"),
        (200, "yours"),
    ]


def test_a_switch_of_protocols_that_nobody_asked_for_is_a_broken_connection(ask):
    answer = ask(b"HTTP/1.1 101 Switching\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\nanything")()
    assert (answer.status_code, answer.json()["code"]) == (500, "ECONNRESET")
