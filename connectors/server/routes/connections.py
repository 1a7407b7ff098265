"""Connections: listed, read with their credentials, imported, described, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.engine.end_users import owner
from connectors.engine.store.listings import Asked
from connectors.errors import (
    CallError,
    ConfigError,
    ConnectorError,
    InputError,
    RefreshExhausted,
    RefreshWaits,
    TokenError,
    UnknownConnection,
    UnknownIntegration,
)
from connectors.server.contract import (
    CONNECTION_ID,
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
from connectors.server.routes.importing import imported
from connectors.server.routes.shapes import (
    CONFIG,
    END_USER,
    FULL,
    LISTED,
    METADATA,
    NAME,
    TAGS,
    WEBHOOK_URL,
    full,
    listed,
)

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.connection import Connection

_TAG_NAMES = {"displayname": "end_user_display_name", "email": "end_user_email"}
_DEFAULT_LIMIT = 10_000
_UNKNOWN: Mapping[type[ConnectorError], tuple[int, str]] = {
    UnknownIntegration: (400, "unknown_provider_config"),
    UnknownConnection: (404, "not_found"),
}


def list_connections(call: Call) -> Answer:
    """Connections of the environment, newest first."""
    asked = call.query
    names = [name.strip() for name in asked.get("integrationId", "").split(",") if name.strip()]
    lower = {name.lower(): value for name, value in asked.get("tags", {}).items()}
    found = call.host.store.listings.find(
        call.environment,
        Asked(
            id=asked.get("connectionId"),
            search=asked.get("search"),
            end_user_id=asked.get("endUserId"),
            organization_id=asked.get("endUserOrganizationId"),
            integrations=names or None,
            tags={_TAG_NAMES.get(name, name): value for name, value in lower.items()},
            limit=asked.get("limit", _DEFAULT_LIMIT),
            page=asked.get("page", 0),
        ),
    )
    errors = call.host.health.errors(call.environment)
    return Answer({"connections": [listed(each, errors.get(each.key, ())) for each in found]})


def get_connection(call: Call) -> Answer:
    """A connection with its credentials, renewed if they have to be."""
    host = call.host
    stored = call.connection(call.path["connection_id"], call.query["provider_config_key"])
    if not call.may("credentials:read"):
        return Answer(full(stored, None))
    try:
        opened = _opened(host, stored, renew=call.query.get("force_refresh", False))
    except TokenError as error:
        raise _unusable(host, stored, error) from error
    host.store.connections.fetched(call.environment, stored.key, now=host.clock.now())
    host.audit_log.record(call.environment, "credentials.read", f"{stored.integration}/{stored.id}")
    stored = host.connections.get(call.environment, stored.id, stored.integration)
    errors = host.health.errors(call.environment, stored.key)
    told = full(stored, opened, errors.get(stored.key, ()))
    return Answer(told if call.query.get("refresh_token") else _without_refresh_token(told))


def import_connection(call: Call) -> Answer:
    """Connect an account whose credentials are known; what was connected under that id is overwritten."""
    body, host = call.body, call.host
    key = host.integrations.get(call.environment, body["provider_config_key"]).unique_key
    try:
        owned = owner(body.get("end_user"), None, body.get("tags"), body.get("webhook_url_override"))
        stored = imported(host, call.environment, key, body, owned)
    except ConfigError:
        raise
    except InputError as error:
        raise Refusal.invalid("invalid_body", [], error.message) from error
    except (CallError, TokenError) as error:
        raise Refusal(400, "connection_test_failed", error.message) from error
    opened = host.connections.open(stored) if call.may("credentials:read") else None
    return Answer(full(stored, opened), 201)


def patch_connection(call: Call) -> Answer:
    """Say anew whose account it is."""
    body = call.body
    stored = call.connection(call.path["connection_id"], call.query["provider_config_key"])
    try:
        owned = owner(body.get("end_user"), None, body.get("tags"), body.get("webhook_url_override"))
    except InputError as error:
        raise Refusal.invalid("invalid_body", ["tags"], error.message) from error
    call.host.store.connections.change_owner(call.environment, stored.key, owned, now=call.host.clock.now())
    return Answer({"success": True})


def delete_connection(call: Call) -> Answer:
    """Delete a connection; its syncs end, and its records can no longer be read."""
    try:
        stored = call.connection(call.path["connection_id"], call.query["provider_config_key"])
    except UnknownConnection:
        raise Refusal(400, "unknown_connection") from None
    call.host.connections.delete(call.environment, stored.id, stored.integration, patience=10.0)
    return Answer({"success": True})


def _opened(host: Host, stored: StoredConnection, *, renew: bool) -> Connection:
    """The connection with credentials that are good now. Raises `TokenError`."""
    if renew:
        return host.connections.open(host.connections.renew(stored.environment, stored.id, stored.integration))
    from connectors.engine.tokens import StoredTokens

    return StoredTokens(host, stored).fresh(host.connections.open(stored))


def _unusable(host: Host, stored: StoredConnection, error: TokenError) -> Refusal:
    """Credentials that could not be renewed; the connection is told all the same, without them."""
    errors = host.health.errors(stored.environment, stored.key)
    told = full(stored, None, errors.get(stored.key, ()))
    status = 424 if isinstance(error, RefreshExhausted | RefreshWaits) else 400
    return Refusal(status, "invalid_credentials", error.message, payload={"connection": told})


def _without_refresh_token(told: dict[str, Any]) -> dict[str, Any]:
    """A connection as it is told to who did not ask for the refresh token."""
    credentials = told["credentials"]
    if credentials.get("type") != "OAUTH2":
        return told
    kept = {name: value for name, value in credentials.items() if name != "refresh_token"}
    if isinstance(kept.get("raw"), Mapping):
        kept["raw"] = {name: value for name, value in kept["raw"].items() if name != "refresh_token"}
    return {**told, "credentials": kept}


_PATH = {"connection_id": CONNECTION_ID}
_KEY = fields({"provider_config_key": INTEGRATION_KEY}, required=["provider_config_key"])
_FLAG: Schema = {"type": "boolean"}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/connections",
        list_connections,
        "Connections of the environment, newest first, without their credentials.",
        scopes=("connections:read",),
        query=fields(
            {
                "connectionId": CONNECTION_ID,
                "search": {"type": "string", "maxLength": 255},
                "endUserId": NAME,
                "endUserOrganizationId": NAME,
                "integrationId": {"type": "string", "description": "Several with commas in between."},
                "tags": {**TAGS, "description": "`tags[key]=value`; all must hold."},
                "limit": {"type": "integer", "minimum": 1, "maximum": 2000},
                "page": {"type": "integer", "minimum": 0, "maximum": 1_000_000, "description": "From 0."},
            }
        ),
        answers={
            200: Reply("They.", fields({"connections": {"type": "array", "items": LISTED}}, required=["connections"]))
        },
    ),
    Endpoint(
        "POST",
        "/connections",
        import_connection,
        "Connect an account whose credentials are known. They are tried at the provider first.",
        scopes=("connections:write",),
        lane="upstream",
        body=fields(
            {
                "provider_config_key": INTEGRATION_KEY,
                "connection_id": CONNECTION_ID,
                "credentials": {
                    "type": "object",
                    "properties": {"type": {"type": "string"}},
                    "required": ["type"],
                    "description": "Tagged by `type`, one of the auth modes.",
                },
                "connection_config": CONFIG,
                "metadata": {**METADATA, "type": ["object", "null"]},
                "tags": {**TAGS, "type": ["object", "null"]},
                "end_user": END_USER,
                "webhook_url_override": WEBHOOK_URL,
            },
            required=["provider_config_key", "credentials"],
        ),
        answers={201: Reply("The connection.", FULL)},
        errors={UnknownIntegration: (404, "not_found")},
    ),
    Endpoint(
        "GET",
        "/connections/{connection_id}",
        get_connection,
        "A connection with its credentials, renewed if they have to be.",
        scopes=("connections:read",),
        lane="upstream",
        path_schema=_PATH,
        query=fields(
            {
                "provider_config_key": INTEGRATION_KEY,
                "force_refresh": _FLAG,
                "refresh_token": {**_FLAG, "description": "Tell the refresh token too, where there is one."},
                "refresh_github_app_jwt_token": _FLAG,
            },
            required=["provider_config_key"],
        ),
        answers={200: Reply("The connection.", FULL)},
        refusals=(424,),
        errors=_UNKNOWN,
    ),
    Endpoint(
        "PATCH",
        "/connections/{connection_id}",
        patch_connection,
        "Say anew whose account it is.",
        scopes=("connections:write",),
        path_schema=_PATH,
        query=_KEY,
        body=fields({"end_user": END_USER, "tags": TAGS, "webhook_url_override": WEBHOOK_URL}),
        answers={200: Reply("It is done.", SUCCESS)},
        errors=_UNKNOWN,
    ),
    Endpoint(
        "DELETE",
        "/connections/{connection_id}",
        delete_connection,
        "Delete a connection with its records.",
        scopes=("connections:write",),
        lane="upstream",
        path_schema=_PATH,
        query=_KEY,
        answers={200: Reply("It is gone.", SUCCESS)},
        errors={UnknownIntegration: (400, "unknown_provider_config")},
        refusals=(409,),
    ),
)
