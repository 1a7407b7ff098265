"""urllib3's connections with a guard: who is at the other end is checked before the first byte."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors.errors import HostRefused
from connectors.runtime.deadlines import Deadline
from connectors.runtime.peer import is_public


@dataclass
class Flight:
    """One request on its way, as its connection sees it."""

    deadline: Deadline
    write_timeout: float  # seconds one write of the body may take
    sent: bool = False  # True: from now on the provider may have received something

    def board(self, opened: Any) -> None:
        """Let the call's deadline cut this socket. Raises TimeoutError if the time is over already."""
        plain = getattr(opened, "socket", opened)  # TLS inside a TLS proxy is no socket itself, but holds one
        if isinstance(plain, socket.socket):
            self.deadline.socket = plain
        if self.deadline.passed:
            raise TimeoutError


class _Silence(logging.Filter):
    """urllib3 logs whole addresses, and some hold a key; what it says of our requests is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.here = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - whatever it is
        """Whether a record is logged: not while this thread sends one of our requests."""
        return not getattr(self.here, "sending", False)


_SILENCE = _Silence()
_LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry")


class Guard:
    """What the connections of one transport have to know: whom they may reach, and for which call."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        self._here = threading.local()
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_SILENCE)

    @property
    def flight(self) -> Flight | None:
        """The request that this thread is sending."""
        return getattr(self._here, "flight", None)

    @flight.setter
    def flight(self, flight: Flight | None) -> None:
        self._here.flight = flight
        _SILENCE.here.sending = flight is not None

    def admit(self, fresh: socket.socket, host: str) -> None:
        """Raise HostRefused if a socket's peer is in a private network."""
        address = str(fresh.getpeername()[0])
        if not self.allow_private and not is_public(address):
            raise HostRefused(
                f"{host} leads to {address}, an address inside a private network; nothing was sent.",
                next_step="If that is meant, start with CONNECTORS_ALLOW_PRIVATE_HOSTS=on (allow_private=True).",
            )


class _Lines:
    """A stream that remembers the last line read of it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.last = b"\n"

    def readline(self, limit: int = -1) -> bytes:
        self.last = self.stream.readline(limit)
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class WholeHead(http.client.HTTPResponse):
    """An answer whose headers must end with an empty line; the library takes a broken-off head for a whole one."""

    def begin(self) -> None:
        """Read status and headers. Raises RemoteDisconnected if they are cut off."""
        lines = _Lines(self.fp)
        self.fp: Any = lines
        super().begin()
        if self.fp is lines:
            self.fp = lines.stream
        if not lines.last:
            raise http.client.RemoteDisconnected("The connection was closed in the middle of the headers")

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the answer itself.

        What announces it (RFC 9110, section 15.2) is read over: taken for the answer, the real one
        would be left on the connection, for whoever uses it next.
        """
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc] # typeshed does not name it
            if status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise http.client.BadStatusLine("switches protocols, which nobody asked for")
            if not HTTPStatus.SWITCHING_PROTOCOLS < status < HTTPStatus.OK:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _Guarded(HTTPConnection):
    """What both connection classes share. Without a guard (never in our pools) the strict rule holds."""

    guard: Guard = Guard(allow_private=False)
    _head: WholeHead | None = None  # of the newest answer

    def response_class(self, *arguments: Any, **options: Any) -> WholeHead:  # type: ignore[override] # called alike
        """Make the answer that is being read, and keep it at hand."""
        self._head = WholeHead(*arguments, **options)
        return self._head

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # urllib3 says so too
        """As urllib3's; what cannot become a response does not keep its socket open."""
        try:
            return super().getresponse()
        except BaseException:
            if self._head is not None:
                self._head.close()
            raise
        finally:
            self._head = None

    def _new_conn(self) -> socket.socket:
        fresh = super()._new_conn()
        try:
            if self.proxy is None:  # a proxy was chosen by the operator, and it resolves the name
                self.guard.admit(fresh, self.host)
            if self.guard.flight is not None:
                self.guard.flight.board(fresh)
        except BaseException:
            fresh.close()
            raise
        return fresh

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        flight = self.guard.flight
        if flight is not None:
            flight.board(self.sock)
            flight.sent = True
            self.timeout = flight.write_timeout  # urllib3 would hold writes to the connect timeout
        super().request(method, url, *arguments, **options)


class GuardedHTTPConnection(_Guarded, HTTPConnection):
    """A plain connection whose peer was admitted."""


class GuardedHTTPSConnection(_Guarded, HTTPSConnection):
    """A TLS connection whose peer was admitted before the handshake."""


class GuardedHTTPPool(HTTPConnectionPool):
    """A pool of guarded plain connections."""

    ConnectionCls = GuardedHTTPConnection
    guard: Guard = _Guarded.guard

    def _new_conn(self) -> Any:
        fresh: Any = super()._new_conn()
        fresh.guard = self.guard
        return fresh


class GuardedHTTPSPool(HTTPSConnectionPool):
    """A pool of guarded TLS connections."""

    ConnectionCls = GuardedHTTPSConnection
    guard: Guard = _Guarded.guard

    def _new_conn(self) -> Any:
        fresh: Any = super()._new_conn()
        fresh.guard = self.guard
        return fresh


_POOLS: Mapping[str, Any] = {"http": GuardedHTTPPool, "https": GuardedHTTPSPool}


class GuardedPools(PoolManager):
    """One guarded pool per host."""

    def __init__(self, guard: Guard, **options: Any) -> None:
        super().__init__(**options)
        self.guard = guard
        self.pool_classes_by_scheme = dict(_POOLS)

    def _new_pool(self, *arguments: Any, **options: Any) -> Any:
        pool: Any = super()._new_pool(*arguments, **options)
        pool.guard = self.guard
        return pool


class GuardedProxyPools(ProxyManager):
    """The same through a proxy."""

    def __init__(self, guard: Guard, proxy_url: str, **options: Any) -> None:
        super().__init__(proxy_url, **options)
        self.guard = guard
        self.pool_classes_by_scheme = dict(_POOLS)

    def _new_pool(self, *arguments: Any, **options: Any) -> Any:
        pool: Any = super()._new_pool(*arguments, **options)
        pool.guard = self.guard
        return pool
