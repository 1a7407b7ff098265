"""Connect sessions: a customer's page gets a token instead of a secret key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.engine.end_users import Owner, owner
from connectors.engine.sessions import PREFIX, Terms
from connectors.errors import InputError
from connectors.server.contract import (
    CONNECTION_ID,
    INTEGRATION_KEY,
    Answer,
    Call,
    Endpoint,
    Refusal,
    Reply,
    Schema,
    Who,
    fields,
)
from connectors.server.public import public_url
from connectors.server.reading import parsed, whole_body
from connectors.server.routes.shapes import CONFIG, END_USER, ORGANIZATION, SHOWN_END_USER, TAGS, WEBHOOK_URL, when

_TELEMETRY_BYTES = 65_536
_THEME = {"primary": "#1f5f8b"}


def create_session(call: Call) -> Answer:
    """Begin a session in which accounts can be connected."""
    body = call.body
    if "end_user" not in body and "tags" not in body:
        words = "An end user or tags have to be given."
        raise Refusal.invalid("invalid_body", ["end_user"], words, kind="invalid_type")
    allowed = body.get("allowed_integrations")
    _check_there(call, ["allowed_integrations"], allowed or ())
    return _made(call, Terms(_owner(body), allowed, _defaults(call, body), body.get("overrides", {})))


def create_reconnect_session(call: Call) -> Answer:
    """Begin a session in which one account is connected again."""
    body = call.body
    key, id_ = body["integration_id"], body["connection_id"]
    if call.host.store.connections.find(call.environment, id_, key) is None:
        raise Refusal.invalid("invalid_body", ["connection_id"], "There is no such connection of that integration.")
    defaults, overrides = _defaults(call, body), body.get("overrides", {})
    return _made(call, Terms(_owner(body), [key], defaults, overrides, connection=id_, integration=key))


def get_session(call: Call) -> Answer:
    """What the page has to know of its session."""
    session = call.session
    assert session is not None
    terms = session.terms
    data: dict[str, Any] = {
        "endUser": terms.owner.end_user,
        "connectUISettings": {
            "showWatermark": False,
            "defaultTheme": "system",
            "theme": {"light": _THEME, "dark": _THEME},
        },
        "websocketsPath": "/",
    }
    if terms.allowed is not None:
        data["allowed_integrations"] = list(terms.allowed)
    if terms.defaults:
        data["integrations_config_defaults"] = terms.defaults
    if terms.overrides:
        data["overrides"] = terms.overrides
    if terms.connection is not None:
        data["isReconnecting"] = True
    return Answer({"data": data})


def end_session(call: Call) -> Answer:
    """End a session before its time."""
    call.host.sessions.end(call.headers["authorization"].split(" ", 1)[1].strip())
    return Answer(status=204)


async def telemetry(call: Call) -> Answer:
    """What the connect page reports about itself; it is not kept."""
    raw = await whole_body(call.request, largest=_TELEMETRY_BYTES)
    body = parsed(raw) if raw.strip() else {}
    token = body.get("token") if isinstance(body, dict) else None
    if not isinstance(token, str) or await call.thread("store", call.host.sessions.get, token) is None:
        raise Refusal(401, "unknown_connect_session_token", "This connect session is unknown, or its time is over.")
    return Answer(status=204)


def _owner(body: Mapping[str, Any]) -> Owner:
    try:
        return owner(body.get("end_user"), body.get("organization"), body.get("tags"), body.get("webhook_url_override"))
    except InputError as error:
        raise Refusal.invalid("invalid_body", ["tags"], error.message) from error


def _defaults(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = body.get("integrations_config_defaults", {})
    for name, given in (("integrations_config_defaults", found), ("overrides", body.get("overrides", {}))):
        _check_there(call, [name], list(given), by_name=True)
    return found


def _check_there(call: Call, path: Sequence[str], keys: Sequence[str], *, by_name: bool = False) -> None:
    problems = [
        {"code": "custom", "message": "Integration does not exist", "path": [*path, key if by_name else str(at)]}
        for at, key in enumerate(keys)
        if call.host.store.integrations.find(call.environment, key) is None
    ]
    if problems:
        raise Refusal(400, "invalid_body", errors=problems)


def _made(call: Call, terms: Terms) -> Answer:
    made = call.host.sessions.create(call.environment, terms)
    link = f"{public_url(call.host)}/connect/?session_token={made.token}"
    data = {"token": made.token, "connect_link": link, "expires_at": when(made.expires_at)}
    return Answer({"data": data}, 201)


_BY_KEY: Schema = {"type": "object", "propertyNames": INTEGRATION_KEY}
_COMMON: dict[str, Schema] = {
    "end_user": END_USER,
    "organization": ORGANIZATION,
    "tags": TAGS,
    "integrations_config_defaults": {
        **_BY_KEY,
        "additionalProperties": fields(
            {
                "connection_config": CONFIG,
                "user_scopes": {"type": "string"},
                "authorization_params": {"type": "object", "additionalProperties": {"type": "string"}},
            }
        ),
        "description": "By integration. What is given here goes before what the form sends.",
    },
    "overrides": {**_BY_KEY, "additionalProperties": fields({"docs_connect": {"type": "string"}})},
    "webhook_url_override": WEBHOOK_URL,
}
_MADE = fields(
    {
        "data": fields(
            {
                "token": {"type": "string", "pattern": f"^{PREFIX}[0-9a-f]{{64}}$"},
                "connect_link": {"type": "string"},
                "expires_at": {"type": "string"},
            },
            required=["token", "connect_link", "expires_at"],
        )
    },
    required=["data"],
)
_SESSION: Schema = {
    "type": "object",
    "properties": {"data": {"type": "object", "properties": {"endUser": SHOWN_END_USER}, "required": ["endUser"]}},
    "required": ["data"],
}
ENDPOINTS = (
    Endpoint(
        "POST",
        "/connect/sessions",
        create_session,
        "Begin a session of half an hour in which a customer can connect accounts.",
        scopes=("sessions:write",),
        body=fields({**_COMMON, "allowed_integrations": {"type": "array", "items": INTEGRATION_KEY, "maxItems": 1000}}),
        answers={201: Reply("Its token, told this once.", _MADE)},
    ),
    Endpoint(
        "POST",
        "/connect/sessions/reconnect",
        create_reconnect_session,
        "Begin a session in which one account is connected again.",
        scopes=("sessions:write",),
        body=fields(
            {**_COMMON, "connection_id": CONNECTION_ID, "integration_id": INTEGRATION_KEY},
            required=["connection_id", "integration_id"],
        ),
        answers={201: Reply("Its token, told this once.", _MADE)},
    ),
    Endpoint(
        "GET",
        "/connect/session",
        get_session,
        "What the connect page has to know of its session.",
        who=Who.SESSION,
        answers={200: Reply("It.", _SESSION)},
    ),
    Endpoint(
        "DELETE",
        "/connect/session",
        end_session,
        "End a session before its time.",
        who=Who.SESSION,
        answers={204: Reply("It is over.")},
    ),
    Endpoint(
        "POST",
        "/connect/telemetry",
        telemetry,
        "What the connect page reports about itself, with its token in the body; it is not kept.",
        who=Who.PUBLIC,
        raw_body=True,
        answers={204: Reply("Heard.")},
        refusals=(400, 401, 413),
    ),
)
