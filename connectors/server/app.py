"""The server: one ASGI application over a host. Every request goes through here, whatever it wants."""

from __future__ import annotations

import inspect
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from connectors.engine.audit_log import acting
from connectors.errors import ConnectorError
from connectors.runtime.canonical import dumps
from connectors.server import cors
from connectors.server.access import Caller, caller
from connectors.server.contract import Answer, Call, Endpoint, Refusal, Who
from connectors.server.pages.trouble import trouble
from connectors.server.popups import Popups
from connectors.server.quota import Quota, Spent
from connectors.server.reading import Reader
from connectors.server.refusing import failed, translated
from connectors.server.routes import endpoints as all_endpoints
from connectors.server.routing import Found, Routes
from connectors.server.threads import Lanes
from connectors.server.tracing import tracer
from connectors.server.visits import Visit

if TYPE_CHECKING:
    from connectors.engine.host import Host

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("connectors.server")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
_NEVER_TWICE = (b"x-request-id", b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")


class App:
    """The application. It does not own the host: whoever made that closes it."""

    def __init__(
        self,
        host: Host,
        *,
        endpoints: Iterable[Endpoint] | None = None,
        lanes: Lanes | None = None,
        background: Callable[[App], AbstractAsyncContextManager[Any]] | None = None,
    ) -> None:
        self.host = host
        self.endpoints = list(all_endpoints() if endpoints is None else endpoints)
        self.lanes = lanes or Lanes()
        self.popups = Popups()
        self._routes = Routes(self.endpoints)
        self._readers = {endpoint.name: Reader(endpoint) for endpoint in self.endpoints}
        self._streams = {each.name for each in self.endpoints if inspect.iscoroutinefunction(each.handler)}
        self._quota = Quota(int(host.settings.value("CONNECTORS_RATE_LIMIT")), host.clock.now)
        self._background = background
        self.span = tracer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _Exchange(self, scope, receive, send).answer()
        elif scope["type"] == "websocket":
            scope.update(path="/", query_string=b"")  # uvicorn would log them, with a token that may be there
            await self.popups.serve(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            await receive()
            try:
                if self._background is not None:
                    await stack.enter_async_context(self._background(self))
            except ConnectorError as error:
                await send({"type": "lifespan.startup.failed", "message": error.message})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def find(self, raw_path: str) -> Found:
        """What a path leads to."""
        return self._routes.find(raw_path)

    def spend(self, who: str) -> Spent:
        """Count a request of that caller."""
        return self._quota.spend(who)

    async def handle(self, endpoint: Endpoint, request: Request, found: Found, who: Caller, id: str) -> Response:
        """Check what was sent, call the handler, and make a response of its answer."""
        reader = self._readers[endpoint.name]
        headers = {name.lower(): value for name, value in request.headers.items()}
        reader.content_type(headers)
        body = await reader.body(request, self.lanes)
        query = reader.query(request.scope["query_string"])
        reader.path(found.path)
        reader.headers(headers)
        call = Call(
            host=self.host,
            endpoint=endpoint,
            environment=who.environment,
            path=found.path,
            query=query,
            headers=headers,
            body=body,
            request=request,
            threads=self.lanes,
            popups=self.popups,
            session=who.session,
            browser=who.browser,
            scopes=who.scopes,
            request_id=id,
        )
        answer: Any
        with acting(who.name):
            if endpoint.name in self._streams:
                answer = await endpoint.handler(call)  # type: ignore[misc]
            else:
                answer = await call.thread(endpoint.lane, _answered, endpoint, call)
        return response(answer) if isinstance(answer, Answer) else answer

    def note(self, endpoint: Endpoint | None, environment: str, status: int, seconds: float, id: str) -> None:
        """Log a request by its endpoint; its path and its query may hold a token."""
        name = "?" if endpoint is None else endpoint.name
        facts = {"request_id": id, "endpoint": name, "environment": environment, "status": status}
        _log.info("%s %s", name, status, extra={"facts": {**facts, "seconds": round(seconds, 4)}})
        self.host.metrics.answered(name, status, seconds)


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request = Request(scope, receive)
        given = self._request.headers.get("x-request-id", "")
        self._id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        self._found = app.find((scope.get("raw_path") or scope["path"].encode()).decode("latin-1"))
        self._endpoint = self._found.of(scope["method"])
        self._who = Caller()
        self._spent: Spent | None = None
        self._status: int | None = None

    async def answer(self) -> None:
        """Answer, log, and tell whoever counts."""
        name = self._scope["method"] if self._endpoint is None else self._endpoint.name
        facts = {"http.request.method": self._scope["method"], "connectors.request_id": self._id}
        with self._app.span(name, facts, self._request.headers) as told:
            await self._answered()
            told(self._status or 0)

    async def _answered(self) -> None:
        began = time.perf_counter()
        try:
            try:
                await (await self._response())(self._scope, self._receive, self._sending)
            except Exception as error:
                if self._status is not None:  # the answer has begun: it can only be cut off
                    failed(error, self._endpoint)
                    raise
                await self._refusal(self._refused(error))(self._scope, self._receive, self._sending)
        finally:
            seconds = time.perf_counter() - began
            self._app.note(self._endpoint, self._who.environment, self._status or 0, seconds, self._id)

    async def _response(self) -> Response:
        preflight = None if self._of_a_page() else cors.preflight(self._request)
        if preflight is not None:
            return preflight
        endpoint = self._endpoint
        if endpoint is None:
            return self._refusal(self._nothing())
        try:
            await self._let_in(endpoint)
            return await self._app.handle(endpoint, self._request, self._found, self._who, self._id)
        except Exception as error:  # noqa: BLE001 - nothing may leave but an answer
            return self._refusal(self._refused(error))

    async def _let_in(self, endpoint: Endpoint) -> None:
        """Find out who calls, and whether that is too often. Raises `Refusal`."""
        request = self._request
        client = self._scope.get("client")
        try:
            if endpoint.who is not Who.PUBLIC:
                self._who = await self._app.lanes.run("store", self._caller, endpoint)
        finally:
            self._spent = self._app.spend(self._who.environment or f"from {client[0] if client else '?'}")
        if self._spent.remaining < 0:
            wait = max(1, int(self._spent.resets_at - self._app.host.clock.now()))
            # What was sent stands in the path of some endpoints only because it is secret.
            path = endpoint.path if "{secret}" in endpoint.path else request.url.path
            place = {"method": request.method, "path": path}
            words = f"At most {self._spent.limit} requests a minute."
            raise Refusal(429, "too_many_request", words, also=place, headers={"Retry-After": str(wait)})

    def _caller(self, endpoint: Endpoint) -> Caller:
        query = self._request.query_params
        return caller(
            self._app.host,
            endpoint,
            header=self._request.headers.get("authorization"),
            token=query.get("connect_session_token"),
            public_key=query.get("public_key"),
            visit=Visit.of(self._request, self._found.path.get("environment")),
        )

    def _nothing(self) -> Refusal:
        if not self._found.endpoints:
            return Refusal(404, "not_found", "There is no such endpoint.")
        allowed = ", ".join(self._found.methods)
        return Refusal(405, "method_not_allowed", f"This takes {allowed}.", headers={"Allow": allowed})

    def _refused(self, error: Exception) -> Refusal:
        if isinstance(error, Refusal):
            if self._endpoint is not None and self._endpoint.who is Who.FRONTEND:
                error.message = error.message or _in_words(error)  # a page shows it
            return error
        if isinstance(error, ConnectorError) and self._endpoint is not None:
            return translated(error, self._endpoint)
        return failed(error, self._endpoint)

    def _of_a_page(self) -> bool:
        return any(each.page for each in self._found.endpoints.values())

    def _refusal(self, refusal: Refusal) -> Response:
        """A page where a page was asked for, by a person's browser; the envelope for every program."""
        if (self._of_a_page() or self._endpoint is None) and _is_browser(self._request):
            return trouble(self._app.host, refusal)
        return response(Answer(refusal.to_dict(), refusal.status, refusal.headers))

    async def _sending(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            spent = self._spent or self._app.spend("nobody")
            own = {"X-Request-Id": self._id, **spent.headers()}
            there = {name.lower() for name, _ in message["headers"]}
            added = [(name.lower().encode(), value.encode()) for name, value in own.items()]
            kept = [(name, value) for name, value in message["headers"] if not cors.is_ours(name)]
            fresh = [(name, value) for name, value in added if name not in there or name not in _NEVER_TWICE]
            message = {**message, "headers": [*kept, *fresh, *(() if self._of_a_page() else cors.HEADERS)]}
        await self._send(message)


def _answered(endpoint: Endpoint, call: Call) -> Any:
    """What a plain handler answers, ready to be sent: a long one is written down in this thread."""
    answer = endpoint.handler(call)
    return response(answer) if isinstance(answer, Answer) else answer


def response(answer: Answer) -> Response:
    """An answer as it is sent."""
    if answer.body is None and answer.status == 204:
        return Response(status_code=204, headers=dict(answer.headers))
    try:
        raw = orjson.dumps(answer.body)
    except TypeError:  # a number beyond 64 bits, half a character
        raw = dumps(answer.body).encode("utf-8", "replace")
    return Response(raw, answer.status, dict(answer.headers), media_type="application/json")


def _is_browser(request: Request) -> bool:
    """Whether somebody typed an address, followed a link or sent a form; scripts and programs ask for no page."""
    return "text/html" in request.headers.get("accept", "")


def _in_words(refusal: Refusal) -> str:
    """What a refusal says that has no message, only errors or its code."""
    told = [": ".join(filter(None, (".".join(each["path"]), each["message"]))) for each in refusal.errors or ()]
    return "; ".join(told) or f"The server refuses this: {refusal.code}."
