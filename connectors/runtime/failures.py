"""Turns what requests, urllib3, ssl and the socket raise into our errors, without their texts' secrets."""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import requests.exceptions
import urllib3.exceptions

from connectors.errors import (
    ConnectFailed,
    ConnectionLost,
    ConnectorError,
    DnsError,
    InvalidUrl,
    TimedOut,
    TlsError,
    UnexpectedAnswer,
    UnreachableError,
)

LIBRARY_ERRORS = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    UnicodeError,
)

Unreached = TypeVar("Unreached", bound=UnreachableError)

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_PROXY_LOGIN = 407


@dataclass(frozen=True)
class Route:
    """The way a request took, for messages."""

    method: str
    url: str  # redacted
    host: str
    proxy: str | None  # the proxy's URL, or None
    sent: bool  # whether the provider may have received something

    @property
    def proxy_name(self) -> str:
        """The proxy without its credentials."""
        proxy = self.proxy or ""
        try:
            parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
            return (parts.hostname or "?") + (f":{parts.port}" if parts.port else "")
        except ValueError:  # a port that is no number
            return "?"


def failure(error: BaseException, route: Route) -> ConnectorError:
    """The error of our tree for what a library raised while a request was on its way.

    InvalidUrl: the address cannot be one. UnexpectedAnswer: the body cannot be decompressed. All
    others are UnreachableErrors; their facts are `method`, `url`, `sent` (False: the provider
    surely received nothing) and `network_code`, the name by which retry rules know the failure
    (such as ECONNRESET).
    """
    causes = tuple(_chain(error))
    if any(isinstance(cause, urllib3.exceptions.DecodeError) for cause in causes):
        message = f"{route.method} {route.url}: the answer's body is not compressed as it says."
        return UnexpectedAnswer(message, method=route.method, url=route.url)
    if any(isinstance(cause, urllib3.exceptions.LocationValueError) for cause in causes):
        return InvalidUrl(f"{route.host} cannot be a host name.")
    proxied = _proxy_failure(causes, route) if route.proxy else None
    return proxied or _name_failure(causes, route) or _tls_failure(causes, route) or _network_failure(causes, route)


def timed_out(route: Route, seconds: float) -> TimedOut:
    """The whole call took too long."""
    message = f"{route.method} {route.url} was not finished after {seconds:g} seconds and was stopped."
    return _make(TimedOut, message, route, "ETIMEDOUT")


def _proxy_failure(causes: tuple[BaseException, ...], route: Route) -> UnreachableError | None:
    for cause in causes:
        tunnel = _TUNNEL.search(str(cause)) if isinstance(cause, OSError) else None
        if tunnel:
            status = int(tunnel.group(1))
            message = f"The proxy {route.proxy_name} refused to connect to {route.host} (status {status})."
            step = "Allow the host in the proxy, or exclude it with NO_PROXY."
            if status == _PROXY_LOGIN:
                step = "Give the proxy's user name and password in HTTPS_PROXY."
            return _make(ConnectFailed, message, route, "ECONNREFUSED", next_step=step)
    if any(
        isinstance(cause, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidProxyURL)) for cause in causes
    ):
        message = f"The proxy {route.proxy_name} cannot be used; only http:// and https:// proxies are supported."
        return _make(ConnectFailed, message, route, None, next_step="Correct HTTPS_PROXY in the environment.")
    if any(isinstance(cause, (urllib3.exceptions.ProxyError, requests.exceptions.ProxyError)) for cause in causes):
        message = f"The proxy {route.proxy_name}, which the environment names, cannot be reached."
        step = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment."
        return _make(ConnectFailed, message, route, _code(causes) or "ECONNREFUSED", next_step=step)
    return None


def _name_failure(causes: tuple[BaseException, ...], route: Route) -> UnreachableError | None:
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            if cause.errno == socket.EAI_AGAIN:
                message = f"The host name {route.host} could not be looked up just now."
                step = "Check the network's name server; if it works, check the name."
                return _make(DnsError, message, route, "EAI_AGAIN", next_step=step)
            return _make(DnsError, f"The host {route.host} does not exist.", route, "ENOTFOUND")
        if isinstance(cause, UnicodeError):  # the idna codec of the resolver
            return _make(DnsError, f"{route.host} is no host name.", route, "ENOTFOUND")
    return None


def _tls_failure(causes: tuple[BaseException, ...], route: Route) -> UnreachableError | None:
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return None
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            message = f"The certificate of {route.host} cannot be trusted: {cause.verify_message}."
            return _make(TlsError, message, route, None)
    if route.sent:
        return None  # broken while data flowed: the connection is lost, the certificate was fine
    if any(isinstance(cause, (ssl.SSLError, requests.exceptions.SSLError)) for cause in causes):
        return _make(TlsError, f"No secure connection to {route.host} could be made.", route, None)
    return None


def _network_failure(causes: tuple[BaseException, ...], route: Route) -> UnreachableError:
    code = _code(causes)
    if any(map(_is_timeout, causes)):
        phase = "did not answer in time" if route.sent else "could not be connected to in time"
        return _make(TimedOut, f"{route.host} {phase} ({route.method} {route.url}).", route, "ETIMEDOUT")
    if not route.sent:
        reason = f" ({code})" if code else ""
        return _make(ConnectFailed, f"No connection to {route.host} could be made{reason}.", route, code)
    if any(isinstance(cause, http.client.IncompleteRead) for cause in causes):
        what = "the answer ended before it was whole"
    else:
        what = "the connection broke before the answer was whole"
    return _make(ConnectionLost, f"{route.method} {route.url}: {what}.", route, code or "ECONNRESET")


def _is_timeout(cause: BaseException) -> bool:
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return False  # urllib3 makes every failure to connect a time-out by inheritance
    return isinstance(cause, (TimeoutError, urllib3.exceptions.TimeoutError))


def _code(causes: tuple[BaseException, ...]) -> str | None:
    """The operating system's name of the failure, if one of the causes has it."""
    for cause in causes:
        if isinstance(cause, OSError) and isinstance(cause.errno, int) and cause.errno in errno.errorcode:
            name = errno.errorcode[cause.errno]
            return "ECONNRESET" if name == "EPIPE" else name
    return None


def _make(
    kind: type[Unreached], message: str, route: Route, code: str | None, *, next_step: str | None = None
) -> Unreached:
    return kind(message, next_step=next_step, method=route.method, url=route.url, sent=route.sent, network_code=code)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps: causes, contexts, arguments and urllib3's `reason`."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        waiting.extend(each for each in linked if isinstance(each, BaseException))
