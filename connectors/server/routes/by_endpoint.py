"""Functions by the endpoint that they declare, as older clients call them: an action is called, records are read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from connectors.authoring import Action
from connectors.errors import UnknownConnection
from connectors.server.contract import Answer, Call, Endpoint, Refusal, Reply, fields
from connectors.server.reading import Reader
from connectors.server.routes import actions, records
from connectors.server.routes.named import OF_CONNECTION

if TYPE_CHECKING:
    from starlette.responses import Response

    from connectors.authoring import Sync

_READING = next(each for each in records.ENDPOINTS if each.name == "GET /records")
_CALLING = next(each for each in actions.ENDPOINTS if each.name == "POST /action/trigger")
_QUERY = {name: schema for name, schema in _READING.query["properties"].items() if name != "model"}
_ASKED = Reader(replace(_READING, query=fields(_QUERY)))
_STEERED = Reader(_CALLING)


async def by_endpoint(call: Call) -> Answer | Response:
    """Whatever the connection's connector has at that method and path."""
    found = await call.thread("store", _found, call)
    needed = "actions" if isinstance(found, Action) else "records:read"
    if not call.may(needed):
        raise Refusal(403, "forbidden", f"This key is limited; it would need the scope {needed}.")
    if isinstance(found, Action):
        _STEERED.headers(call.headers)
        return await actions.trigger(replace(call, body={"action_name": found.name, "input": call.body}))
    query = _ASKED.query(call.request.scope["query_string"])
    return await records.list_records(replace(call, query={**query, "model": found.model}))


def _found(call: Call) -> Sync | Action:
    headers = call.headers
    stored = call.host.connections.get(call.environment, headers["connection-id"], headers["provider-config-key"])
    path = "/" + unquote(call.path["path"]).rstrip("/")
    found = call.host.registry.at(stored.provider, call.request.method, path)
    if found is None:
        raise Refusal(404, "not_found", f"There is no endpoint {call.request.method} {path[:200]}.")
    return found


ENDPOINTS = (
    Endpoint(
        "*",
        "/v1/{path:path}",
        by_endpoint,
        "Call an action, or read records, by the endpoint that the sync or action declares.",
        scopes=("records:read", "actions"),
        path_schema={"path": {"type": "string"}},
        any_query=True,
        headers=OF_CONNECTION,
        body={},
        body_optional=True,
        answers={
            **_CALLING.answers,
            200: Reply("What the action gave back, bare; or records as GET /records answers.", {}),
        },
        refusals=(400, 404, 410, 424),
        errors={**_READING.errors, **_CALLING.errors, UnknownConnection: (400, "unknown_connection")},
        tag="Actions",
        deprecated=True,
    ),
)
