"""Browsers of any origin may call: who may do what is decided by keys and tokens, which no browser sends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

_MAX_AGE = "600"  # seconds that a browser may remember a preflight
_METHODS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, PROPFIND, REPORT"
_ALLOWED = (
    "Authorization, Content-Type, Accept, Origin, X-Requested-With, Provider-Config-Key, Connection-Id, "
    "Nango-Is-Sync, Nango-Is-Script, Nango-Is-Dry-Run, Nango-Activity-Log-Id, Base-Url-Override, Retries, Retry-On, "
    "Decompress, Forward-Headers-On-Redirect, X-Async, X-Max-Retries, X-Request-Id, Sentry-Trace, Baggage"
)
_EXPOSED = (
    "Location, Retry-After, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, ETag, Link"
)
_PROXIED = "nango-proxy-"

# Of every answer.
HEADERS = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED.encode())]


def preflight(request: Request) -> Response | None:
    """The answer to a browser that asks first; None for every other request."""
    asks = request.headers.get("access-control-request-method")
    if request.method != "OPTIONS" or asks is None or "origin" not in request.headers:
        return None
    wanted = request.headers.get("access-control-request-headers", "").split(",")
    proxied = [name.strip() for name in wanted if name.strip().lower().startswith(_PROXIED)]
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": ", ".join([_ALLOWED, *proxied]),
        "Access-Control-Max-Age": _MAX_AGE,
    }
    return Response(status_code=204, headers=headers)


def is_ours(name: bytes) -> bool:
    """Whether a header of an answer is one that only this file sets: what a provider says about its own is dropped."""
    return name.lower() in (b"access-control-allow-origin", b"access-control-expose-headers")
