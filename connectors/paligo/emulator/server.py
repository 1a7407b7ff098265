"""The port of the emulator: plain HTTP, and CONNECT with TLS, on keep-alive connections with a thread each."""

from __future__ import annotations

import contextlib
import http
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from .certificates import DOMAIN
from .exchange import Answer, Request

if TYPE_CHECKING:
    from .service import Emulator

MAX_BODY = 64 * 1024 * 1024  # bytes


class Server(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1 from construction on, until `stop`."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, emulator: Emulator, port: int, context: ssl.SSLContext) -> None:
        self.emulator, self.context = emulator, context
        self.idle = threading.Condition()
        self.open: set[Connection] | None = set()  # None: stopping
        super().__init__(("127.0.0.1", port), Connection)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Accept nobody, hang up on everybody, wait for the threads (5 seconds at most)."""
        self.shutdown()
        self.server_close()
        self._thread.join()
        with self.idle:
            left, self.open = self.open or set(), None
            for connection in left:
                connection.abort()
            self.idle.wait_for(lambda: all(connection.ended for connection in left), timeout=5)


class Connection(BaseHTTPRequestHandler):
    """One client: request by request, until either side has had enough."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    instance: str | None = None
    ended = False

    def handle(self) -> None:
        """A client that hangs up, or speaks no HTTP or TLS, just ends it."""
        with self.server.idle:
            if self.server.open is None:
                return
            self.server.open.add(self)
        try:
            with contextlib.suppress(OSError):
                super().handle()
        finally:
            self._close()
            with self.server.idle:
                self.ended = True
                if self.server.open is not None:
                    self.server.open.discard(self)
                self.server.idle.notify_all()

    def abort(self) -> None:
        """Wake the thread that reads from here. Called from another thread."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)  # not SSLSocket's: it drops what the reader holds

    def log_message(self, *_: Any) -> None:
        """The emulator keeps its own log."""

    def handle_expect_100(self) -> bool:
        """Yes, send the body. The base class would answer outside of TLS."""
        self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def respond(self) -> None:
        """Answer one request."""
        body = self._body()
        if body is None or not self.path.startswith("/"):  # http://… is meant for a proxy: it would leave this machine
            self._send(Answer(403 if body is not None else 400), close=True)
            return
        host, authorization = self.headers.get("host", ""), self.headers.get("authorization", "")
        request = Request(self.command, self.path, host, authorization, body, self.instance)
        answer = self.server.emulator.respond(request)
        if answer.delivery == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._close()
        else:
            self._send(answer, close=answer.delivery == "truncated")

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The base class looks for a method for each of HTTP's; they are all answered alike."""
        if name.startswith("do_"):
            return self.respond
        raise AttributeError(name)

    def do_CONNECT(self) -> None:
        """Play the host that is asked for, if it is one of the service's."""
        host, _, port = self.path.lower().partition(":")
        instance, _, domain = host.partition(".")
        emulator = self.server.emulator
        status = 403 if domain != DOMAIN or port != "443" or self.instance is not None else 200
        if status == 200 and instance != emulator.instance and emulator.switches.unknown_instance == "refuse":
            status = 502
        if status != 200:
            emulator.note("CONNECT", self.path, status)
            self._send(Answer(status), close=True)
            return
        self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.rfile.close()
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.instance, self.close_connection = instance, False

    def _body(self) -> bytes | None:
        """The request's body, or None if its length makes no sense."""
        length = self.headers.get("content-length", "0")
        if self.headers.get("transfer-encoding"):
            return self._chunks()
        return self.rfile.read(int(length)) if length.isdecimal() and int(length) <= MAX_BODY else None

    def _chunks(self) -> bytes | None:
        body = bytearray()
        with contextlib.suppress(ValueError):
            while len(body) <= MAX_BODY:
                size = int(self.rfile.readline(100).partition(b";")[0], 16)
                body += self.rfile.read(min(max(size, 0), MAX_BODY))
                self.rfile.readline(100)  # the line end after a chunk, the empty line after the last
                if size <= 0:
                    return bytes(body)
        return None

    def _send(self, answer: Answer, *, close: bool = False) -> None:
        """In one piece, so that no delay of the network's can come in between."""
        self.close_connection = self.close_connection or close
        body, kind = answer.body, {"Content-Type": "application/json"}
        headers = {**kind, **answer.headers, "Connection": "close" if self.close_connection else "keep-alive"}
        if answer.status != http.HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(body))
        phrase = self.responses.get(answer.status, ("Unknown",))[0]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        sent = b"" if self.command == "HEAD" else body[: len(body) // 2] if answer.delivery == "truncated" else body
        self.connection.sendall(f"HTTP/1.1 {answer.status} {phrase}\r\n{head}\r\n".encode("latin-1", "replace") + sent)

    def _close(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.rfile.close()
        self.connection.close()
