"""The proxy: a call to the provider with a connection's credentials."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import IO, TYPE_CHECKING

from starlette.responses import JSONResponse, Response, StreamingResponse

from connectors.errors import (
    BudgetExhausted,
    CallError,
    HostRefused,
    InputError,
    UnknownConnection,
    UnknownIntegration,
)
from connectors.server.contract import Call, Endpoint, Refusal, Reply
from connectors.server.proxying import Answered, Given, Steering
from connectors.server.proxying import call as make_call
from connectors.server.reading import pieces
from connectors.server.routes.named import OF_CONNECTION

if TYPE_CHECKING:
    from connectors.engine.store.connections import StoredConnection

_IN_MEMORY = 1024 * 1024  # bytes of a body; what is longer lies in a temporary file
_ADDRESS = ("http://", "https://")
_HEADERS = {
    **OF_CONNECTION,
    "properties": {
        **OF_CONNECTION["properties"],
        "base-url-override": {"type": "string", "description": "Empty: none."},
        "retries": {"type": "string", "description": "Further attempts after a failure; none if it is not given."},
        "retry-on": {"type": "string", "description": "Further statuses worth another attempt: 404,409."},
        "forward-headers-on-redirect": {"type": "string"},
        "decompress": {"type": "string", "description": "Accepted; answers are always decompressed."},
    },
}


_REFUSALS = {
    400: "Headers, override or body cannot be used, or there is no such connection",
    401: "The key is missing or unknown",
    403: "The key does not go that far",
    404: "There is no such integration",
    413: "The body is too large",
    429: "Too many requests, of this caller or of the provider's budget",
    503: "The server is busy",
}


async def proxy(call: Call) -> Response:
    """Call the provider; its answer goes on with its status, in pieces."""
    steering = _steering(call.headers)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        length = await _receive(call, file)
        file.seek(0)
        given = Given(file, length, call.headers.get("content-type"))
        answered = await call.thread("upstream", _call, call, steering, given)
    return answered if isinstance(answered, Response) else _response(call, answered)


def _steering(headers: Mapping[str, str]) -> Steering:
    try:
        return Steering.of(headers)
    except InputError as error:
        raise Refusal.invalid("invalid_headers", [error.facts["header"]], error.message) from error


async def _receive(call: Call, file: IO[bytes]) -> int:
    """The caller's body, into a file; its length in bytes. Raises `Refusal`."""
    length = 0
    async for piece in pieces(call.request):
        length += len(piece)
        file.write(piece)
    return length


def _call(call: Call, steering: Steering, given: Given) -> Answered | Response:
    stored = _stored(call, steering)
    target = _target(call)
    host = call.host
    with host.client_for(
        host.connections.open(stored),
        stored=stored,
        observer=host.requests.observe(stored, None, kind="proxy"),
        transport=host.proxy_transport,
    ) as client:
        try:
            return make_call(client, call.request.method, target, steering, given)
        except BudgetExhausted:
            raise
        except CallError as error:
            return _unanswered(call.request.method, error)
        except InputError as error:
            raise _refusal(error, steering) from error


def _stored(call: Call, steering: Steering) -> StoredConnection:
    headers = call.headers
    if steering.base_url_override is not None and call.host.policy.override == "off":
        message = "Calls may not name another base URL; CONNECTORS_BASE_URL_OVERRIDE allows it."
        raise Refusal(400, "base_url_override_disabled", message)
    return call.connection(headers["connection-id"], headers["provider-config-key"])


def _target(call: Call) -> str:
    """Path and query for the provider, as the caller encoded them."""
    query = call.request.scope["query_string"].decode("latin-1")
    rest = call.path["path"]
    shown = rest if rest.lower().startswith(_ADDRESS) else f"/{rest}"
    return f"{shown}?{query}" if query else shown


def _unanswered(method: str, error: CallError) -> Response:
    """What the reference runtime answers where no provider did: without the envelope."""
    code = error.facts.get("network_code") or error.code
    body = {"message": error.message, "code": code, "status": error.status, "method": method}
    return JSONResponse(body, 500)


def _refusal(error: InputError, steering: Steering) -> Refusal:
    if "json" in error.facts:
        return Refusal(400, "invalid_json", error.message)
    if isinstance(error, HostRefused) and steering.base_url_override is not None:
        return Refusal(400, "base_url_override_not_allowed", error.message)
    return Refusal(400, error.code, error.message)


def _response(call: Call, answered: Answered) -> Response:
    headers = dict(answered.headers)
    if answered.body is not None:
        return Response(answered.body, answered.status, headers)
    if answered.length is not None:
        headers["content-length"] = str(answered.length)
    return StreamingResponse(_pieces(call, answered), answered.status, headers)


async def _pieces(call: Call, answered: Answered) -> AsyncIterator[bytes]:
    """The provider's body. If it breaks off, so does ours: the caller sees that it is not whole."""
    assert answered.rest is not None  # there is no body that is all there
    step = partial(next, answered.rest, b"")
    try:
        while piece := await call.thread("upstream", step):
            yield piece
    finally:
        answered.rest.close()


ENDPOINTS = (
    Endpoint(
        "*",
        "/proxy/{path:path}",
        proxy,
        "Call the provider with a connection's credentials; path, query and body go on, and so does its answer.",
        scopes=("proxy",),
        lane="upstream",
        path_schema={"path": {"type": "string"}},
        any_query=True,
        headers=_HEADERS,
        raw_body=True,
        answers={
            0: Reply("The provider's answer, with its own status.", media_type="*/*"),
            **{
                status: Reply(f"{what}, in the envelope; or the provider's own answer.", media_type="*/*")
                for status, what in _REFUSALS.items()
            },
            500: Reply(
                "The provider could not be reached: message, code, status (null) and method, without the envelope; "
                "or the provider's own answer.",
                media_type="*/*",
            ),
        },
        errors={UnknownIntegration: (404, "unknown_provider_config"), UnknownConnection: (400, "server_error")},
        tag="Proxy",
    ),
)
