"""A keep-alive HTTP server in a process of its own that answers everything with the same small JSON.

It does as little as it can, so that the difference between two clients is not drowned in it.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_BODY = b'{"page": 1, "next_page": "", "total_pages": 1, "groups": [{"id": 3, "name": "Writers", "users": [2, 5]}]}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n"
    b"Content-Length: " + str(len(_BODY)).encode() + b"\r\n\r\n" + _BODY
)
_PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")  # no proxy leads to this server
_LONGEST_HEAD = 64 * 1024  # bytes


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that lives as long as the context."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()  # so that a child that died ends the wait
    for name in _PROXIES:
        os.environ.pop(name, None)
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: multiprocessing.connection.Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pipe.send(listening.getsockname()[1])
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    """Only requests without a body come here, so the empty line ends each."""
    with connection:
        head = b""
        while data := connection.recv(_LONGEST_HEAD):
            head += data
            if head.endswith(b"\r\n\r\n"):
                connection.sendall(_ANSWER)
                head = b""
