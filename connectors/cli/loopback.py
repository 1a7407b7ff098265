"""A server on this machine that waits for one browser to come back from a provider's page, and says how it went."""

from __future__ import annotations

import html
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from connectors.errors import InputError

HOST = "127.0.0.1"
PATH = "/callback"
_LONGEST_TARGET = 16_384  # characters of a callback's path and query
_LONGEST_REQUEST = 10.0  # seconds that a browser may take to send it
_TICK = 0.1  # seconds; Ctrl-C is heard in between
_ANSWER_WAIT = 120.0  # seconds that the browser waits for the outcome
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif }}
main {{ max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem }}
h1 {{ font-size: 1.4rem }}
</style>
<main><h1>{title}</h1><p>{text}</p></main>
</html>
"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


@dataclass(frozen=True)
class Page:
    """What the browser is shown."""

    title: str
    text: str
    status: int = 200

    @property
    def octets(self) -> bytes:
        """The page as HTML."""
        return _PAGE.format(title=html.escape(self.title), text=html.escape(self.text)).encode()


_ELSEWHERE = Page("Nothing here", "This server waits for one callback only.", 404)
_NOT_EXPECTED = Page("Not expected", "This address belongs to no connection that is being made now.", 400)


@dataclass
class Arrival:
    """A browser that came back, and waits for its page."""

    params: Mapping[str, str]  # the query of the callback
    shown: threading.Event = field(default_factory=threading.Event)  # the page went out
    _page: queue.Queue[Page] = field(default_factory=lambda: queue.Queue(1))

    def answer(self, page: Page) -> None:
        """Show the browser its page; comes back when it went out, or the browser has gone."""
        self._page.put(page)
        self.shown.wait(_LONGEST_REQUEST)

    def wait(self) -> Page:
        """The page, once it is there."""
        try:
            return self._page.get(timeout=_ANSWER_WAIT)
        except queue.Empty:
            return Page("No answer", "See the terminal in which you started.", 504)


class Loopback:
    """Listens on 127.0.0.1 only. Use it as a context manager.

    `port`: 0 takes a free one. `accepts` says whether a callback belongs to what is waited for;
    another one is answered with a refusal and not reported, and so is all that comes after the
    first. Raises `InputError` if the port is taken.
    """

    def __init__(self, port: int, path: str = PATH) -> None:
        self._arrivals: queue.Queue[Arrival] = queue.Queue()
        self._lock = threading.Lock()
        self._taken = False
        self.accepts: Callable[[Mapping[str, str]], bool] = lambda _: False
        try:
            self._server = _Server((HOST, port), _handler(self, path))
        except OSError as error:
            raise InputError(
                f"Nothing can listen on port {port} of this machine: {error.strerror}.",
                next_step="Choose another one with --port; the provider has to know its callback address.",
            ) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_TICK,), daemon=True)
        self._thread.start()
        self.url = f"http://{HOST}:{self._server.server_address[1]}{path}"

    def wait(self, seconds: float) -> Arrival | None:
        """The first accepted browser that comes back; None if none does in time."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            try:
                return self._arrivals.get(timeout=min(left, _TICK))
            except queue.Empty:
                continue
        return None

    def arrived(self, params: Mapping[str, str]) -> Arrival | None:
        """What a handler calls when a browser is there; None: it is not the one that is waited for."""
        with self._lock:
            if self._taken or not self.accepts(params):
                return None
            self._taken = True
        arrival = Arrival(params)
        self._arrivals.put(arrival)
        return arrival

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that went away, or an address that is none, is no news for the terminal."""


def _handler(loopback: Loopback, path: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _LONGEST_REQUEST
        server_version = "connectors"
        sys_version = ""

        def do_GET(self) -> None:
            target = urlsplit(self.path) if len(self.path) <= _LONGEST_TARGET else None
            if target is None or target.path != path:
                self._show(_ELSEWHERE)
                return
            arrival = loopback.arrived(dict(parse_qsl(target.query, keep_blank_values=True)))
            if arrival is None:
                self._show(_NOT_EXPECTED)
                return
            try:
                self._show(arrival.wait())
            finally:
                arrival.shown.set()

        def _show(self, page: Page) -> None:
            octets = page.octets
            self.send_response(page.status)
            for name, value in {**_HEADERS, "Content-Length": str(len(octets))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the address holds a code."""

    return Handler
