"""The only file that opens connections: pool, proxies, CA bundle, peer check, time and size ceilings."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests.utils
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from connectors.errors import SettingError, TooLarge
from connectors.runtime.deadlines import Deadlines
from connectors.runtime.failures import LIBRARY_ERRORS, Route, failure, timed_out
from connectors.runtime.outgoing import Outgoing
from connectors.runtime.sockets import Flight, Guard, GuardedPools, GuardedProxyPools
from connectors.runtime.tls import Contexts

CHUNK = 64 * 1024  # bytes read at a time


class Answer:
    """What came back: status, headers, and a body that is read once, whole or in pieces."""

    def __init__(self, response: requests.Response, steps: _Steps, *, stream: bool, max_bytes: int) -> None:
        raw = response.raw
        self.status: int = raw.status
        self.headers: Mapping[str, str] = response.headers
        self._raw = raw
        self._steps = steps
        self._stream = stream
        self._max_bytes = max_bytes

    @property
    def every_header(self) -> tuple[tuple[str, str], ...]:
        """The headers as they came; a name may come more than once."""
        return tuple(self._raw.headers.iteritems())

    def chunks(self) -> Iterator[bytes]:
        """The body, decompressed, in pieces of about 64 KiB.

        Raises TooLarge past the ceiling, ConnectionLost if it ends early, TimedOut if it takes too
        long, UnexpectedAnswer if it cannot be decompressed.
        """
        size = 0
        for chunk in self._pieces():
            size += len(chunk)
            if size > self._max_bytes:
                self.close()
                route = self._steps.route
                message = f"{route.method} {route.url}: the answer is larger than {self._max_bytes:,} bytes."
                raise TooLarge(message, method=route.method, url=route.url, status=self.status)
            yield chunk

    def read(self) -> bytes:
        """The whole body. Raises as `chunks` does."""
        return b"".join(self.chunks())

    def read_start(self, size: int) -> bytes:
        """At most the first `size` bytes of the body; the rest is lost. For an error's excerpt."""
        parts: list[bytes] = []
        missing = size
        for chunk in self._pieces():
            parts.append(chunk)
            missing -= len(chunk)
            if missing <= 0:
                self.close()
                break
        return b"".join(parts)[:size]

    def close(self) -> None:
        """Give the connection up. What was not read is lost."""
        self._steps.finish()
        self._raw.close()

    def _pieces(self) -> Iterator[bytes]:
        stream = self._raw.stream(CHUNK, decode_content=True)
        left, got = self._steps.seconds, 0  # of the piece that is under way; it may come in many parts
        more = True
        while more:
            began = time.monotonic()
            with self._steps.step(seconds=left if self._stream else None):
                chunk = _next(stream)
            more = chunk is not None
            if chunk:
                left, got = left - (time.monotonic() - began), got + len(chunk)
                if got >= CHUNK:
                    left, got = self._steps.seconds, 0
                yield chunk
        self._steps.finish()
        self._raw.release_conn()


class _Steps:
    """The steps of one call on the network: each is watched, and its errors become ours."""

    def __init__(self, transport: Transport, route: Route) -> None:
        self.route = route
        self._guard = transport.guard
        self._deadlines = transport.deadlines
        self.seconds = transport.total_timeout
        self._flight = Flight(self._deadlines.watch(self.seconds), write_timeout=transport.read_timeout)

    @contextmanager
    def step(self, *, seconds: float | None = None) -> Iterator[None]:
        """One step. `seconds`: it has that time for itself."""
        deadline = self._flight.deadline
        if seconds is not None:
            self._deadlines.restart(deadline, seconds)
        self._guard.flight = self._flight
        try:
            yield
        except BaseException as error:
            self.finish()
            if not isinstance(error, LIBRARY_ERRORS):
                raise
            if not deadline.passed:
                raise failure(error, self._so_far()) from None
        finally:
            self._guard.flight = None
            if seconds is not None:
                self.finish()
        if deadline.passed:
            raise timed_out(self._so_far(), self.seconds)

    def _so_far(self) -> Route:
        return replace(self.route, sent=self._flight.sent)

    def finish(self) -> None:
        """The call needs no watching any more."""
        self._deadlines.forget(self._flight.deadline)


class _Adapter(HTTPAdapter):
    """requests' adapter over our pools, with our TLS contexts."""

    def __init__(self, guard: Guard, pool_size: int) -> None:
        self._guard = guard
        self._contexts = Contexts()
        self._pool_size = pool_size
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = GuardedPools(self._guard, num_pools=connections, maxsize=maxsize, block=block, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy.lower().startswith("socks"):
            return super().proxy_manager_for(proxy, **options)
        if proxy not in self.proxy_manager:
            self.proxy_manager[proxy] = GuardedProxyPools(
                self._guard,
                proxy,
                proxy_headers=self.proxy_headers(proxy),
                num_pools=self._pool_size,
                maxsize=self._pool_size,
                **options,
            )
        return self.proxy_manager[proxy]

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, options = super().build_connection_pool_key_attributes(request, verify)
        if host["scheme"] == "https":
            options["ssl_context"] = self._contexts.of(cert)
        return host, options

    def cert_verify(self, conn: Any, url: str | None, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: the context holds the certificates, loaded once."""


class Transport:
    """Sends requests over pooled connections. Thread safe; close it, or use it as a context manager.

    Proxies come from HTTPS_PROXY, HTTP_PROXY and NO_PROXY, the CA bundle from REQUESTS_CA_BUNDLE,
    CURL_CA_BUNDLE or SSL_CERT_FILE, credentials never from the environment (no netrc).

    `connect_timeout` and `read_timeout` bound one step on the network, `total_timeout` the whole
    call up to the last byte of the body (of a streamed body: each 64 KiB), all in seconds.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        total_timeout: float = 300.0,
        pool_size: int = 10,
    ) -> None:
        self.read_timeout = read_timeout
        self.total_timeout = total_timeout
        self.guard = Guard(allow_private=allow_private)
        self.deadlines = Deadlines()
        self._connect_timeout = connect_timeout
        self._adapter = _Adapter(self.guard, pool_size)
        self._proxies: dict[tuple[str, str], dict[str, str]] = {}

    def send(self, request: Outgoing, *, stream: bool = False, max_bytes: int = 64 * 1024 * 1024) -> Answer:
        """Send one request and return when the answer's headers are there. Redirects are not followed.

        The body is read from the answer, at most `max_bytes` of it after decompression. Raises
        UnreachableError subclasses, HostRefused, TooLarge; whether anything may have reached the
        provider is the error's fact `sent`. `stream`: the time ceiling counts for each piece of
        the body instead of for all of it.
        """
        prepared = _prepare(request)
        proxies = self._proxies_for(request.url)
        proxy = requests.utils.select_proxy(request.url, proxies)
        if proxy is not None:
            _check_proxy(proxy)
        steps = _Steps(self, Route(request.method, request.shown_url, request.host, proxy, sent=False))
        timeouts = (self._connect_timeout, self.read_timeout)
        with steps.step():
            response = self._adapter.send(
                prepared,
                stream=True,
                timeout=timeouts,
                proxies=proxies,
                cert=request.certificate,  # type: ignore[arg-type] # our adapter passes it on to the TLS context
            )
        return Answer(response, steps, stream=stream, max_bytes=max_bytes)

    def _proxies_for(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc)
        if key not in self._proxies:
            self._proxies[key] = requests.utils.get_environ_proxies(url)
        return self._proxies[key]

    def close(self) -> None:
        """Close every pooled connection."""
        self._adapter.close()
        self.deadlines.close()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_proxy(proxy: str) -> None:
    """Raise SettingError for a proxy without a host; what a library makes of it may show its password."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        good = bool(parts.hostname) and parts.port != 0 and not (parts.path.strip("/") or parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise SettingError(
            "The proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names has no usable host and port.",
            next_step="Write it as http://host:port; special characters of a password are percent-encoded.",
        )


def _next(stream: Iterator[bytes]) -> bytes | None:
    try:
        return next(stream, None)
    except ValueError as error:  # the library takes a chunk's length below zero for a number of bytes to read
        raise http.client.HTTPException("The body's framing is broken") from error


def _prepare(request: Outgoing) -> PreparedRequest:
    """The library's form of a request that is complete already; its own preparation is not run."""
    prepared = PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.headers = CaseInsensitiveDict(request.headers)
    prepared.body = request.body  # type: ignore[assignment] # an iterable is sent piece by piece; its length stands in the headers
    return prepared
