"""What the server answers: every endpoint is declared once, and everything else is made from that.

A route file declares its endpoints in a tuple `ENDPOINTS` and is named in `routes.MODULES`:

    def read_metadata(call: Call) -> Answer:
        found = call.connection(call.path["connection_id"], call.query["provider_config_key"])
        return Answer({"metadata": found.metadata})

    ENDPOINTS = (
        Endpoint(
            "GET",
            "/connections/{connection_id}/metadata",
            read_metadata,
            "The metadata of a connection.",
            scopes=("connections:read",),
            path_schema={"connection_id": CONNECTION_ID},
            query=fields({"provider_config_key": INTEGRATION_KEY}, required=["provider_config_key"]),
            answers={200: Reply("The metadata.", fields({"metadata": {"type": "object"}}, required=["metadata"]))},
            refusals=(404,),
            errors={UnknownConnection: (404, "unknown_connection")},
        ),
    )

Before a handler runs, the caller is known (`call.environment`) and everything declared has been
checked: `call.path`, `call.query`, `call.headers` and `call.body` hold what the schemas say, with
the types they say. A handler is a plain function and runs in a thread of its lane; one that
streams is an `async def`, runs on the event loop, and asks for threads by `call.thread`. It
answers with an `Answer`, or with a response of Starlette that streams. It refuses by raising a
`Refusal`, or lets an error of the engine through, which `errors` and then the server's own table
(`refusing.TABLE`) translate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from connectors.engine.browsers import Browser
    from connectors.engine.host import Host
    from connectors.engine.sessions import ConnectSession
    from connectors.engine.store.connections import StoredConnection
    from connectors.server.popups import Popups

Result = TypeVar("Result")
Schema = Mapping[str, Any]  # JSON Schema 2020-12
Lane = Literal["upstream", "store", "rest"]

INTEGRATION_KEY: Schema = {"type": "string", "pattern": r"^[a-zA-Z0-9~:.@ _-]+$", "minLength": 1, "maxLength": 255}
CONNECTION_ID: Schema = {
    "type": "string",
    "pattern": r"""^[a-zA-Z0-9,.;:=+~\[\]|@${}"'\\/_ -]+$""",
    "minLength": 1,
    "maxLength": 255,
}
FUNCTION_NAME: Schema = {"type": "string", "pattern": r"^[a-zA-Z0-9_-]+$", "minLength": 1, "maxLength": 255}
MODEL: Schema = {"type": "string", "pattern": r"^[A-Z][a-zA-Z0-9_-]+$", "maxLength": 255}
UUID: Schema = {
    "type": "string",
    "pattern": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
}
SESSION_IN_QUERY: Mapping[str, Schema] = {"connect_session_token": {"type": "string", "maxLength": 255}}
SUCCESS: Schema = {"type": "object", "properties": {"success": {"const": True}}, "required": ["success"]}


def fields(properties: Mapping[str, Schema], *, required: Sequence[str] = (), **further: Any) -> dict[str, Any]:
    """The schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **further,
    }


class Who(Enum):
    """Who may call an endpoint."""

    SECRET = "secret"  # noqa: S105 - a secret key of an environment
    SESSION = "session"  # a connect session's token, as bearer
    EITHER = "either"  # one or the other; the token may stand in the query, declared as `SESSION_IN_QUERY`
    FRONTEND = "frontend"  # a connect session's token in the query, as the frontend sends it
    BROWSER = "browser"  # one that is signed in to the environment that `{environment}` in the path names
    PUBLIC = "public"  # anybody; `call.environment` is empty


@dataclass(frozen=True)
class Reply:
    """An answer as it is documented."""

    description: str
    schema: Schema | None = None  # None: it has no body, or one that is not described
    headers: tuple[str, ...] = ()  # of its own, beside those that every answer has
    media_type: str = "application/json"


@dataclass(frozen=True)
class Answer:
    """An answer in JSON. `body` is None and `status` 204: nothing is sent."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request is not done; the caller reads it in the one envelope. It never leaves the server."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str | None = None,
        *,
        errors: Sequence[Mapping[str, Any]] | None = None,
        payload: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        also: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors  # each {"code", "message", "path": ["a", "0"]}
        self.payload = payload
        self.headers = headers or {}
        self.also = also or {}  # further texts beside the code

    def to_dict(self) -> dict[str, Any]:
        """The envelope."""
        error: dict[str, Any] = {"code": self.code, **self.also}
        for name in ("message", "errors", "payload"):
            value = getattr(self, name)
            if value is not None:
                error[name] = value
        return {"error": error}

    @classmethod
    def invalid(cls, code: str, path: Sequence[str | int], message: str, *, kind: str = "custom") -> Refusal:
        """A 400 about one place of what was sent: `invalid_body`, `invalid_query_params`, …"""
        return cls(400, code, errors=[{"code": kind, "message": message, "path": [str(part) for part in path]}])


class Threads(Protocol):
    """Where blocking work is done."""

    async def run(self, lane: Lane, function: Callable[..., Result], *given: Any, of: Hashable = None) -> Result:
        """Call it in a thread of that lane, and wait for a free one first; `of`: whose share of the lane it takes."""


@dataclass(frozen=True, repr=False)
class Call:
    """One request whose caller is known and whose parts have been checked."""

    host: Host
    endpoint: Endpoint
    environment: str  # whose; empty where anybody may call
    path: Mapping[str, str]  # decoded; what `{name:path}` matches is as it was sent
    query: Mapping[str, Any]  # by the types of the schema: numbers, booleans, lists, maps
    headers: Mapping[str, str]  # all, in lower case
    body: Any  # parsed JSON; None where none is declared or it is raw
    request: Request  # Starlette's, for what streams
    threads: Threads
    popups: Popups
    session: ConnectSession | None = None  # where its token was used
    browser: Browser | None = None  # where it is signed in
    scopes: frozenset[str] = frozenset()  # of the key; empty: it may everything
    request_id: str = ""

    async def thread(self, lane: Lane, function: Callable[..., Result], *given: Any) -> Result:
        """Call a blocking function in a thread of that lane, from an `async def` handler."""
        return await self.threads.run(lane, function, *given, of=self._connection)

    @property
    def _connection(self) -> Hashable:
        """What the caller names as the connection that this is about, whether or not there is one."""
        named = self.headers.get("connection-id") or self.path.get("connection_id")
        return None if named is None else (self.environment, named)

    def may(self, scope: str) -> bool:
        """Whether the caller's key goes that far."""
        return not self.scopes or scope in self.scopes

    def connection(self, id: str, integration: str) -> StoredConnection:
        """A connection of the caller's environment. Raises `UnknownIntegration`, then `UnknownConnection`."""
        self.host.integrations.get(self.environment, integration)
        return self.host.connections.get(self.environment, id, integration)


Handler = Callable[[Call], "Answer | Response | Awaitable[Answer | Response]"]


@dataclass(frozen=True)
class Endpoint:
    """A method and a path, who may call it, what it takes and what it answers."""

    method: str  # "GET"; "*" for all of them (only the proxy)
    path: str  # Starlette's: "/connections/{connection_id}", "/proxy/{path:path}"
    handler: Handler
    summary: str  # a sentence
    who: Who = Who.SECRET
    scopes: tuple[str, ...] = ()  # of engine.environments.SCOPES: a key that has scopes needs one of these
    lane: Lane = "store"  # which threads a plain handler runs in
    path_schema: Mapping[str, Schema] = field(default_factory=dict)  # of the names in `path`
    query: Schema = field(default_factory=lambda: fields({}))  # an object; unknown parameters are refused
    any_query: bool = False  # it is the provider's: not looked at, `call.query` is empty
    headers: Schema | None = None  # an object with names in lower case; other headers are let through
    body: Schema | None = None  # None: there is none, or only `{}`
    body_optional: bool = False  # an empty body counts as None
    raw_body: bool = False  # of any type, not read before the handler: `call.request.stream()`
    answers: Mapping[int, Reply] = field(default_factory=dict)  # what is no refusal; 0: any other status
    refusals: tuple[int, ...] = ()  # statuses of the envelope beside those that every endpoint has
    errors: Mapping[type[ConnectorError], tuple[int, str]] = field(default_factory=dict)  # status and code here
    tag: str = ""  # the group in the API reference
    deprecated: bool = False
    hidden: bool = False  # not in /openapi.json: pages for people
    page: bool = False  # of this origin alone: no other may read it, and a browser is refused by a page

    @property
    def name(self) -> str:
        """What tests and the API reference call it: `GET /connections/{connection_id}`."""
        return f"{self.method} {self.path}"
