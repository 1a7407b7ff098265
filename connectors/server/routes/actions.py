"""Actions: called while somebody waits, or later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.engine.action_calls import LONGEST, MOST_RETRIES
from connectors.engine.action_failures import failure_of
from connectors.engine.invoke import invoke
from connectors.errors import ConnectorError, UnknownConnection, UnknownFunction
from connectors.server.contract import FUNCTION_NAME, UUID, Answer, Call, Endpoint, Refusal, Reply, Schema, fields
from connectors.server.routes.named import OF_CONNECTION, failed

if TYPE_CHECKING:
    from connectors.engine.store.connections import StoredConnection

_FAILED: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "errors": {"type": "array"},
                "payload": {},
                "upstream": fields({"status": {"type": "integer"}, "headers": {"type": "object"}, "body": {}}),
            },
            "required": ["code"],
        }
    },
    "required": ["error"],
}
_ANSWERS = {
    200: Reply("What the action gave back, bare.", {}),
    410: Reply("The action was stopped.", _FAILED),
    424: Reply("The provider answered with an error.", _FAILED),
    500: Reply("The action failed.", _FAILED),
}


async def trigger(call: Call) -> Answer:
    """Call an action now, or with `X-Async: true` leave it to be called."""
    stored, name = await call.thread("store", _found, call)
    given = call.body.get("input") or {}
    if call.headers.get("x-async", "").lower() != "true":
        return await call.thread("upstream", _call, call, stored, name, given)
    retries = int(call.headers.get("x-max-retries") or 0)
    return await call.thread("store", _leave, call, stored, name, given, retries)


def result(call: Call) -> Answer:
    """What an asynchronous call gave back; it is not there before the call has ended."""
    ended = call.host.action_calls.result(call.environment, call.path["id"].lower())
    if ended is None:
        raise Refusal(404, "not_found", "There is no such call, or it has not ended.")
    return Answer(ended.answer) if ended.ok else _failure(ended.answer)


def _found(call: Call) -> tuple[StoredConnection, str]:
    headers = call.headers
    stored = call.host.connections.get(call.environment, headers["connection-id"], headers["provider-config-key"])
    return stored, call.host.registry.action(stored.provider, call.body["action_name"]).name


def _call(call: Call, stored: StoredConnection, name: str, given: Any) -> Answer:
    try:
        done = invoke(
            call.host, call.environment, stored.id, name, given, integration=stored.integration, at_most=LONGEST
        )
    except (UnknownConnection, UnknownFunction):
        raise
    except ConnectorError as error:
        return _failure(failure_of(error))
    return Answer(done.output)


def _leave(call: Call, stored: StoredConnection, name: str, given: Any, retries: int) -> Answer:
    id_ = call.host.action_calls.add(
        call.environment, stored.id, name, given, integration=stored.integration, retries=retries
    )
    place = f"/action/{id_}"
    return Answer({"id": id_, "statusUrl": place}, 202, {"Location": place})


def _failure(failure: dict[str, Any]) -> Answer:
    wait = failure.get("retry_after")
    return Answer(failed(failure), failure["status"], {} if wait is None else {"Retry-After": str(wait)})


ENDPOINTS = (
    Endpoint(
        "POST",
        "/action/trigger",
        trigger,
        "Call an action of a connection. With the header X-Async: true the result is fetched later.",
        scopes=("actions",),
        headers={
            **OF_CONNECTION,
            "properties": {
                **OF_CONNECTION["properties"],
                "x-async": {"type": "string"},
                "x-max-retries": {
                    "type": "string",
                    "pattern": f"^[0-{MOST_RETRIES}]$",
                    "description": "Further attempts of an asynchronous call that fails.",
                },
            },
        },
        body=fields({"action_name": FUNCTION_NAME, "input": {}}, required=["action_name"]),
        answers={
            **_ANSWERS,
            202: Reply(
                "The call will be made.",
                fields({"id": UUID, "statusUrl": {"type": "string"}}, required=["id", "statusUrl"]),
                headers=("Location",),
            ),
        },
        refusals=(400, 404, 429),
        errors={UnknownConnection: (400, "unknown_connection"), UnknownFunction: (404, "not_found")},
        tag="Actions",
    ),
    Endpoint(
        "GET",
        "/action/{id}",
        result,
        "What an asynchronous call of an action gave back.",
        scopes=("actions",),
        path_schema={"id": UUID},
        answers=_ANSWERS,
        refusals=(400, 404, 429),
        tag="Actions",
    ),
)
