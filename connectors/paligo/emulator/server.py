"""The port of the emulator: plain HTTP, and CONNECT with TLS, on keep-alive connections with a thread each."""

from __future__ import annotations

import contextlib
import datetime
import socket
import socketserver
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exchange import Answer, Entry, Request

if TYPE_CHECKING:
    from .service import Emulator

DOMAIN = "paligoapp.com"
MAX_BODY = 64 * 1024 * 1024  # bytes


class Server(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1 from construction on, until `stop`."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, emulator: Emulator, port: int, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.emulator, self.context = emulator, context
        self.stopping = threading.Event()
        self.open: dict[Connection, threading.Thread] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Accept nobody, hang up on everybody, wait for the threads."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join()
        for connection, thread in list(self.open.items()):
            with contextlib.suppress(OSError):  # not SSLSocket's shutdown: it drops what the reader holds
                socket.socket.shutdown(connection.connection, socket.SHUT_RDWR)
            thread.join(timeout=5)


class Connection(BaseHTTPRequestHandler):
    """One client: request by request, until either side has had enough."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    instance: str | None = None

    def handle(self) -> None:
        """A client that hangs up, or speaks no HTTP or TLS, just ends it."""
        self.server.open[self] = threading.current_thread()
        if not self.server.stopping.is_set():
            with contextlib.suppress(OSError):
                super().handle()

    def finish(self) -> None:
        """Let go of everything; the base class knows only the socket before TLS."""
        super().finish()
        self.connection.close()
        del self.server.open[self]

    def log_message(self, *_: Any) -> None:
        """The emulator keeps its own log."""

    def respond(self) -> None:
        """Answer one request."""
        length = self.headers.get("content-length", "0")
        measured = "transfer-encoding" not in self.headers and length.isdecimal() and int(length) <= MAX_BODY
        if not measured or not self.path.startswith("/"):  # http://… is meant for a proxy: it would leave this machine
            self._send(Answer(403 if measured else 411), close=True)
            return
        host, authorization = self.headers.get("host", ""), self.headers.get("authorization", "")
        body, kind = self.rfile.read(int(length)), self.headers.get("content-type", "")
        request = Request(self.command, self.path, host, authorization, body, self.instance, kind)
        answer = self.server.emulator.respond(request)
        self.server.stopping.wait(answer.delay)
        if answer.delivery == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
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
            emulator.log.append(Entry("CONNECT", self.path, status))
            self._send(Answer(status), close=True)
            return
        self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.rfile.close()
        self.request = self.server.context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        self.setup()
        if not self.server.stopping.is_set():  # who stops meanwhile hung up on the socket before TLS only
            self.connection.do_handshake()
        self.instance, self.close_connection = instance, self.server.stopping.is_set()

    def _send(self, answer: Answer, *, close: bool = False) -> None:
        self.close_connection = self.close_connection or close
        body = answer.body
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        if answer.status == 204:
            del headers["Content-Length"]
        self.send_response_only(answer.status)
        for name, value in {**headers, "Connection": "close" if self.close_connection else "keep-alive"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if answer.delivery == "truncated" else body)


def certified(ca_file: Path) -> ssl.SSLContext:
    """A server context for `*.paligoapp.com`, with a certificate that vouches for itself, written to `ca_file`.

    Its key is in no file that stays, so the certificate is worth nothing to anybody else.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "connectors: Paligo emulator")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{DOMAIN}")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file.write_bytes(certificate.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:  # private to this user; OpenSSL reads only files
        chain.write(secret + ca_file.read_bytes())
        chain.flush()
        context.load_cert_chain(chain.name)
    return context
