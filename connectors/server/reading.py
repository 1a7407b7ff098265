"""What a request brings, checked by what its endpoint declares before the handler sees it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from anyio import current_time, fail_after

from connectors.runtime.canonical import loads
from connectors.server.contract import Endpoint, Refusal, Schema, Threads
from connectors.server.queries import read_query, typed
from connectors.server.schemas import Check

if TYPE_CHECKING:
    from starlette.requests import Request

LARGEST_BODY = 75 * 1024 * 1024  # bytes
_LONG = 64 * 1024  # bytes
LONGEST = 600.0  # seconds that a body may take to come
_JSON = re.compile(r"application/(json|[a-z0-9.+-]+\+json)\s*(;|\Z)", re.IGNORECASE)
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_AUTHENTICATING = ("connect_session_token", "public_key")  # of the query, where the frontend calls


class Reader:
    """Reads the requests of one endpoint. What does not fit is a `Refusal` 400, 413 or 415."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._query = Check(endpoint.query)
        self._body = None if endpoint.body is None else Check(endpoint.body)
        self._path = Check({"type": "object", "properties": dict(endpoint.path_schema)})
        self._header_types: Mapping[str, Schema] = (endpoint.headers or {}).get("properties", {})
        self._headers = Check(endpoint.headers or {})

    def content_type(self, given: Mapping[str, str]) -> None:
        """Look at the type of the body."""
        content_type = given.get("content-type")
        if content_type and not self._endpoint.raw_body and not _JSON.match(content_type):
            raise Refusal(415, "invalid_content_type", "The content type has to be application/json.")

    def headers(self, given: Mapping[str, str]) -> None:
        """Look at the declared headers."""
        if self._header_types:
            known = {name: given[name] for name in self._header_types if name in given}
            _refuse("invalid_headers", self._headers, {n: typed(v, self._header_types[n]) for n, v in known.items()})

    def query(self, raw: bytes) -> dict[str, Any]:
        """The parameters; for the frontend without those that say who calls."""
        if self._endpoint.any_query:
            return {}
        values = read_query(raw, self._endpoint.query)
        _refuse("invalid_query_params", self._query, values)
        return {name: value for name, value in values.items() if name not in _AUTHENTICATING}

    def path(self, values: Mapping[str, str]) -> None:
        """Look at the names in the path."""
        _refuse("invalid_uri_params", self._path, dict(values))

    async def body(self, request: Request, threads: Threads) -> Any:
        """The body; None where there is none. A long one is read in a thread, so that nobody else waits for it."""
        if self._endpoint.raw_body:
            return None
        raw = await whole_body(request)
        return await threads.run("rest", self._read, raw) if len(raw) > _LONG else self._read(raw)

    def _read(self, raw: bytes) -> Any:
        if not raw.strip():
            if self._body is None or self._endpoint.body_optional:
                return None
            value: Any = {}  # a JSON content type with nothing in it
        else:
            value = parsed(raw)
        if self._body is not None:
            _refuse("invalid_body", self._body, value)
            return value
        if value != {}:
            raise Refusal.invalid("invalid_body", [], "takes no body", kind="unrecognized_keys")
        return None


async def whole_body(request: Request, *, largest: int = LARGEST_BODY) -> bytes:
    """All of a body. Raises as `pieces` does."""
    return b"".join([piece async for piece in pieces(request, largest=largest)])


async def pieces(request: Request, *, largest: int = LARGEST_BODY, longest: float = LONGEST) -> AsyncIterator[bytes]:
    """A body as it comes.

    Raises `Refusal`: 413 as soon as it is known to be too large, 400 if it ends early or takes more than
    `longest` seconds.
    """
    from starlette.requests import ClientDisconnect

    too_large = Refusal(413, "payload_too_large", f"A body may have at most {largest:,} bytes.")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > largest:
        raise too_large
    stream, length, until = request.stream(), 0, current_time() + longest
    while True:
        try:
            with fail_after(until - current_time()):
                piece = await anext(stream, None)
        except TimeoutError:
            raise Refusal(400, "invalid_body", f"The body took longer than {longest:g} seconds.") from None
        except ClientDisconnect:
            raise Refusal(400, "invalid_body", "The body ended early.") from None
        if piece is None:
            return
        length += len(piece)
        if length > largest:
            raise too_large
        yield piece


def parsed(raw: bytes) -> Any:
    """The value of a JSON text, integers of any size exactly. Raises `Refusal`."""
    try:
        value = orjson.loads(raw)  # refuses halves of characters and nesting without end
        return loads(raw) if _LONG_NUMBER.search(raw) else value
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", "The body is no JSON.") from None


def _refuse(code: str, check: Check, value: Any) -> None:
    problems = check.problems(value)
    if problems:
        raise Refusal(400, code, errors=problems)
