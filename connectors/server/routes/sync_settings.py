"""What a connection's syncs are set to: how often they run, and their variants."""

from __future__ import annotations

from connectors.engine.schedules import SyncName
from connectors.errors import InputError, UnknownConnection, UnknownFunction, UnknownIntegration
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

_ERRORS = {
    UnknownIntegration: (400, "unknown_provider_config"),
    UnknownConnection: (400, "unknown_connection"),
    UnknownFunction: (400, "unknown_sync"),
}
_VARIANT_PATH = {"name": FUNCTION_NAME, "variant": VARIANT}
_OF_CONNECTION: Schema = fields(
    {"provider_config_key": INTEGRATION_KEY, "connection_id": CONNECTION_ID},
    required=["provider_config_key", "connection_id"],
)


def set_frequency(call: Call) -> Answer:
    """Give one connection's sync its own frequency, or the declared one again."""
    body = call.body
    sync = SyncName(body["sync_name"], body.get("sync_variant", "base"))
    try:
        frequency = call.host.schedules.set_frequency(
            call.environment, body["provider_config_key"], body["connection_id"], sync, body["frequency"]
        )
    except UnknownFunction:
        raise
    except InputError as error:
        raise Refusal.invalid("invalid_body", ["frequency"], error.message) from error
    return Answer({"frequency": frequency})


def create_variant(call: Call) -> Answer:
    """Give a connection's sync a variant."""
    if call.path["variant"].lower() == "base":
        raise Refusal(400, "invalid_variant", "The base of a sync is there already.")
    try:
        made = call.host.schedules.create_variant(call.environment, *_named(call))
    except InputError as error:
        raise _refusal(error) from error
    return Answer(made)


def delete_variant(call: Call) -> Answer:
    """Remove a variant with its records."""
    try:
        call.host.schedules.delete_variant(call.environment, *_named(call))
    except InputError as error:
        raise _refusal(error) from error
    return Answer({"success": True})


def _named(call: Call) -> tuple[str, str, str, str]:
    body, path = call.body, call.path
    return body["provider_config_key"], body["connection_id"], path["name"], path["variant"]


def _refusal(error: InputError) -> Refusal:
    """The refusal by the reference runtime's code, which the engine gives."""
    code = error.facts.get("reference_code") or "unknown_sync"
    return Refusal(404 if code == "not_found" else 400, code, error.message)


ENDPOINTS = (
    Endpoint(
        "PUT",
        "/sync/update-connection-frequency",
        set_frequency,
        "Give one connection's sync its own frequency; null goes back to the declared one.",
        scopes=("syncs:write",),
        body=fields(
            {
                "sync_name": FUNCTION_NAME,
                "sync_variant": VARIANT,
                "provider_config_key": INTEGRATION_KEY,
                "connection_id": CONNECTION_ID,
                "frequency": {"type": ["string", "null"], "minLength": 1, "maxLength": 255},
            },
            required=["sync_name", "provider_config_key", "connection_id", "frequency"],
        ),
        answers={200: Reply("The frequency.", fields({"frequency": {"type": "string"}}, required=["frequency"]))},
        refusals=(400,),
        errors=_ERRORS,
        tag="Syncs",
    ),
    Endpoint(
        "POST",
        "/sync/{name}/variant/{variant}",
        create_variant,
        "Give a connection's sync a variant, with a schedule, a checkpoint and records of its own.",
        scopes=("syncs:write",),
        path_schema=_VARIANT_PATH,
        body=_OF_CONNECTION,
        answers={
            200: Reply(
                "The variant.",
                fields(
                    {name: {"type": "string"} for name in ("id", "name", "variant")},
                    required=["id", "name", "variant"],
                ),
            )
        },
        refusals=(400,),
        errors=_ERRORS,
        tag="Syncs",
    ),
    Endpoint(
        "DELETE",
        "/sync/{name}/variant/{variant}",
        delete_variant,
        "Remove a variant of a connection's sync, with its records.",
        scopes=("syncs:write",),
        path_schema=_VARIANT_PATH,
        body=_OF_CONNECTION,
        answers={200: Reply("It is gone.", SUCCESS)},
        refusals=(400, 404),
        errors=_ERRORS,
        tag="Syncs",
    ),
)
