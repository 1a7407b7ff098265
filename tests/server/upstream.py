"""A provider on this machine whose answers are functions of what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    method: str
    target: str  # path and query
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass
class Reply:
    """What is answered. A body that is no bytes is sent in chunks."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        return cls(status, json.dumps(value).encode(), {"content-type": "application/json", **headers})


class Upstream:
    """Answers by `method path`; 404 for what has no answer."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Seen], Reply]] = {}
        self.seen: list[Seen] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, body)
                upstream.seen.append(seen)
                found = upstream.answers.get(f"{self.command} {self.path.partition('?')[0]}")
                upstream.send(self, Reply.json({"error": "unknown"}, 404) if found is None else found(seen))

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815
            do_PROPFIND = do_REPORT = answer  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, call: str, answer: Callable[[Seen], Reply] | Reply) -> None:
        """Answer a `METHOD /path`."""
        self.answers[call] = answer if callable(answer) else lambda _: answer

    @staticmethod
    def send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if isinstance(reply.body, bytes):
            handler.send_header("content-length", str(len(reply.body)))
            handler.end_headers()
            if handler.command != "HEAD":
                handler.wfile.write(reply.body)
            return
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        try:
            for piece in reply.body:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            handler.wfile.write(b"0\r\n\r\n")
        except ConnectionError:  # the other side has enough
            pass
        except RuntimeError:  # a test breaks the body off
            handler.close_connection = True

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
