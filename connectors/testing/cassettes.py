"""How our requests are recorded and replayed with vcrpy: nothing secret in a cassette, no socket in a replay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from connectors.runtime.redact import Redactor
from connectors.runtime.sockets import GuardedHTTPPool, GuardedHTTPSPool

MATCH_ON = ("method", "scheme", "host", "port", "path", "query", "body")
REQUEST_HEADERS = frozenset({"accept", "content-type", "range"})
RESPONSE_HEADERS = frozenset(
    {"content-disposition", "content-type", "content-range", "link", "location", "retry-after"}
)
BOUNDARY = "boundary"  # stands in a cassette for the one that was drawn
_BOUNDARY = re.compile(r"(multipart/[^;]+;\s*boundary=)\"?([^\";,]+)\"?", re.IGNORECASE)


def cassette_rules(*, secrets: Iterable[str] = (), emulator_only: bool = False) -> dict[str, Any]:
    """A `vcr_config` for pytest-recording.

    Headers are recorded by allow-list, so credentials are not; bodies are recorded decompressed;
    `secrets` are masked in addresses and bodies, in every encoding. Method, whole address and body
    have to match. A replay opens no socket. `emulator_only`: recording is refused unless
    HTTPS_PROXY leads to an emulator on this machine, so a real account is never recorded.
    """
    from connectors.testing.replay import EmulatorHTTP, EmulatorHTTPS, ReplayHTTP, ReplayHTTPS

    redactor = Redactor(secrets)
    plain, secure = (EmulatorHTTP, EmulatorHTTPS) if emulator_only else (ReplayHTTP, ReplayHTTPS)

    def before_request(request: Any) -> Any:
        return _clean_request(request, redactor)

    def before_response(response: dict[str, Any]) -> dict[str, Any]:
        return _clean_response(response, redactor)

    return {
        "match_on": MATCH_ON,
        "before_record_request": before_request,
        "before_record_response": before_response,
        "custom_patches": (
            (GuardedHTTPPool, "ConnectionCls", plain),
            (GuardedHTTPSPool, "ConnectionCls", secure),
        ),
    }


def _clean_request(request: Any, redactor: Redactor) -> Any:
    """The request is a copy, so it can be changed. Applied to what is sent and to what is looked up."""
    headers = {str(name).lower(): _text(value) for name, value in request.headers.items()}
    body = request.body
    boundary = _BOUNDARY.search(headers.get("content-type", ""))
    if boundary is not None and isinstance(body, bytes):
        body = body.replace(boundary.group(2).encode(), BOUNDARY.encode())
        headers["content-type"] = _BOUNDARY.sub(rf"\g<1>{BOUNDARY}", headers["content-type"])
    request.headers = {name: value for name, value in headers.items() if name in REQUEST_HEADERS}
    request.body = _masked(body, redactor)
    request.uri = redactor.text(request.uri)
    return request


def _clean_response(response: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
    headers = {
        name.lower(): [redactor.text(value) for value in values]
        for name, values in response["headers"].items()
        if name.lower() in RESPONSE_HEADERS
    }
    body = {**response["body"], "string": _masked(response["body"].get("string"), redactor)}
    return {**response, "headers": headers, "body": body}


def _masked(body: Any, redactor: Redactor) -> Any:
    if not isinstance(body, bytes):
        return body
    return redactor.text(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
