"""Syncs: trigger, start, pause, status, and the deletions that a run held back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.engine.passes import confirm_deletes
from connectors.engine.schedules import sync_names
from connectors.errors import (
    AlreadyRunning,
    ConnectorError,
    NothingToConfirm,
    UnknownConnection,
    UnknownFunction,
    UnknownIntegration,
    UnknownRun,
)
from connectors.server.contract import (
    CONNECTION_ID,
    FUNCTION_NAME,
    INTEGRATION_KEY,
    SUCCESS,
    Answer,
    Call,
    Endpoint,
    Refusal,
    Reply,
    Schema,
    fields,
)
from connectors.server.routes.named import VARIANT

_SYNC: Schema = {
    "anyOf": [
        {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,255}(::[a-zA-Z0-9_-]{1,255})?$", "maxLength": 512},
        fields({"name": FUNCTION_NAME, "variant": VARIANT}, required=["name", "variant"]),
    ]
}
_COMMAND: Mapping[str, Schema] = {
    "syncs": {"type": "array", "items": _SYNC, "maxItems": 1000, "description": "Names; none means all."},
    "provider_config_key": INTEGRATION_KEY,
    "connection_id": {**CONNECTION_ID, "description": "Absent: every connection of the integration."},
}
_SWITCH = fields(_COMMAND, required=["syncs", "provider_config_key"])
_MODES = {  # of clients before `opts`: reset, emptyCache
    "incremental": (False, False),
    "full_refresh": (True, False),
    "full_refresh_and_clear_cache": (True, True),
}
_ERRORS: Mapping[type[ConnectorError], tuple[int, str]] = {
    UnknownIntegration: (400, "unknown_provider_config"),
    UnknownFunction: (400, "no_syncs_found"),
    UnknownConnection: (404, "unknown_connection"),
}
_DONE = {200: Reply("Taken note of; nothing has run yet.", SUCCESS)}
_COUNTS: Schema = fields(
    {name: {"type": "integer"} for name in ("added", "updated", "deleted")}, required=["added", "updated", "deleted"]
)
_STATUS: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "connection_id": {"type": "string"},
        "name": {"type": "string"},
        "variant": {"type": "string"},
        "type": {"enum": ["INITIAL", "INCREMENTAL"], "deprecated": True},
        "status": {"enum": ["RUNNING", "SUCCESS", "ERROR", "PAUSED", "STOPPED"]},
        "frequency": {"type": "string"},
        "nextScheduledSyncAt": {"type": ["string", "null"]},
        "finishedAt": {"type": "string"},
        "latestResult": {"type": "object", "additionalProperties": _COUNTS},
        "latestExecutionStatus": {"enum": ["RUNNING", "SUCCESS", "STOPPED"]},
        "recordCount": {"type": "object", "additionalProperties": {"type": "integer"}},
        "checkpoint": {"type": ["object", "null"]},
    },
    "required": ["id", "connection_id", "name", "variant", "status", "frequency", "nextScheduledSyncAt", "recordCount"],
}


def trigger(call: Call) -> Answer:
    """Ask for runs; integration and connection may stand in the headers."""
    body, headers = call.body, call.headers
    integration = body.get("provider_config_key") or headers.get("provider-config-key")
    connection = body.get("connection_id") or headers.get("connection-id")
    if not integration:
        raise Refusal(400, "missing_provider_config_key", "Name the integration in provider_config_key.")
    reset, empty = _kind_of_run(body)
    call.host.schedules.trigger(
        call.environment,
        integration,
        sync_names(body.get("syncs", ())),
        connection or None,
        reset=reset,
        empty_cache=empty,
    )
    return Answer({"success": True})


def start(call: Call) -> Answer:
    """Switch schedules on."""
    return _command(call, call.host.schedules.start)


def pause(call: Call) -> Answer:
    """Switch schedules off."""
    return _command(call, call.host.schedules.pause)


def status(call: Call) -> Answer:
    """How syncs are; unknown names are left out."""
    query = call.query
    names = [name for name in query["syncs"].split(",") if name]
    chosen = [] if "*" in names else sync_names(names)
    items = call.host.schedules.status(
        call.environment, query["provider_config_key"], chosen, query.get("connection_id")
    )
    return Answer({"syncs": [_known(item) for item in items] if names else []})


def _known(item: Mapping[str, Any]) -> dict[str, Any]:
    """A status without what there is only after a first run."""
    return {name: value for name, value in item.items() if name != "latestExecutionStatus" or value is not None}


def confirm(call: Call) -> Answer:
    """Do the deletions that a run held back."""
    report = confirm_deletes(call.host, call.environment, call.body["run"])
    return Answer({"success": True, "deleted": report.counts.deleted})


def _command(call: Call, command: Callable[..., int]) -> Answer:
    body = call.body
    command(call.environment, body["provider_config_key"], sync_names(body["syncs"]), body.get("connection_id"))
    return Answer({"success": True})


def _kind_of_run(body: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether to forget what the sync remembers, and whether its records too."""
    old = [name for name in ("sync_mode", "full_resync") if name in body]
    opts = body.get("opts")
    if opts is not None and old:
        raise Refusal.invalid("invalid_body", [old[0]], f"opts and {old[0]} do not go together.")
    if opts is not None:
        return opts.get("reset", False), opts.get("emptyCache", False)
    if "sync_mode" in body:
        return _MODES[body["sync_mode"]]
    return body.get("full_resync", False), False


ENDPOINTS = (
    Endpoint(
        "POST",
        "/sync/trigger",
        trigger,
        "Ask for runs of syncs now, also of paused ones; dropped where one goes on.",
        scopes=("syncs:write",),
        headers={
            "type": "object",
            "properties": {"connection-id": CONNECTION_ID, "provider-config-key": INTEGRATION_KEY},
        },
        body=fields(
            {
                **_COMMAND,
                "opts": fields(
                    {
                        "reset": {"type": "boolean", "description": "Forget checkpoint and last success first."},
                        "emptyCache": {"type": "boolean", "description": "With reset: delete the records first."},
                    }
                ),
                "sync_mode": {"enum": list(_MODES), "deprecated": True},
                "full_resync": {"type": "boolean", "deprecated": True},
            }
        ),
        answers=_DONE,
        refusals=(400, 404),
        errors=_ERRORS,
        tag="Syncs",
    ),
    Endpoint(
        "POST",
        "/sync/start",
        start,
        "Switch schedules on: due at their next regular slot, or at once where they never ran.",
        scopes=("syncs:write",),
        body=_SWITCH,
        answers=_DONE,
        errors=_ERRORS,
        tag="Syncs",
    ),
    Endpoint(
        "POST",
        "/sync/pause",
        pause,
        "Switch schedules off; a run that goes on ends at its next call.",
        scopes=("syncs:write",),
        body=_SWITCH,
        answers=_DONE,
        errors=_ERRORS,
        tag="Syncs",
    ),
    Endpoint(
        "GET",
        "/sync/status",
        status,
        "How syncs are, by connection and variant.",
        scopes=("syncs:read",),
        query=fields(
            {
                "syncs": {"type": "string", "minLength": 1, "description": "Names with commas in between; * for all."},
                "provider_config_key": INTEGRATION_KEY,
                "connection_id": CONNECTION_ID,
            },
            required=["syncs", "provider_config_key"],
        ),
        answers={200: Reply("The syncs.", fields({"syncs": {"type": "array", "items": _STATUS}}, required=["syncs"]))},
        errors={**_ERRORS, UnknownConnection: (400, "invalid_body")},
        tag="Syncs",
    ),
    Endpoint(
        "POST",
        "/sync/confirm-deletes",
        confirm,
        "Do the deletions that a run held back because too many records would have gone.",
        scopes=("syncs:write",),
        body=fields({"run": {"type": "integer", "minimum": 1, "maximum": 2**53}}, required=["run"]),
        answers={
            200: Reply(
                "How many were deleted.",
                fields({"success": {"const": True}, "deleted": {"type": "integer"}}, required=["success", "deleted"]),
            )
        },
        errors={
            UnknownRun: (404, "not_found"),
            NothingToConfirm: (400, "nothing_to_confirm"),
            AlreadyRunning: (409, "already_running"),
        },
        tag="Syncs",
    ),
)
