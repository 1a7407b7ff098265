"""Integrations and connections as they are told: the fields of each, in one place for several routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.server.contract import CONNECTION_ID, INTEGRATION_KEY, Schema, fields
from connectors.server.routes.providers import logo_url

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.engine.store.integrations import StoredIntegration
    from connectors.runtime.connection import Connection

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
# A text that is stored in a column of its own: without NUL, which no database holds.
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\x00]*$"}
TAGS: Schema = {
    "type": "object",
    "maxProperties": 10,
    "propertyNames": {"pattern": r"^[a-zA-Z][a-zA-Z0-9_./-]{0,63}$"},
    "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 255},
}
_OWN_TAGS: Schema = {  # of an end user: those that can be tags become tags
    "type": "object",
    "maxProperties": 64,
    "propertyNames": {"pattern": r"^[^\x00]{1,255}$"},
    "additionalProperties": {"type": "string", "maxLength": 255, "pattern": r"^[^\x00]*$"},
}
CONFIG: Schema = {"type": "object", "description": "By the names in the provider's definition."}
METADATA: Schema = {"type": "object"}
WEBHOOK_URL: Schema = {"type": "string", "maxLength": 2048, "pattern": r"^(https?://[!-~]+)?$"}
END_USER: Schema = fields(
    {
        "id": NAME,
        "email": {"type": ["string", "null"], "maxLength": 255, "pattern": r"^[^\x00@]+@[^\x00@]+$"},
        "display_name": {"type": ["string", "null"], "maxLength": 255, "pattern": r"^[^\x00]*$"},
        "tags": _OWN_TAGS,
        "organization": fields({"id": NAME, "display_name": _TEXT_OR_NULL}, required=["id"]),
    },
    required=["id"],
)
ORGANIZATION: Schema = fields(
    {"id": NAME, "display_name": {"type": ["string", "null"], "maxLength": 255}}, required=["id"]
)
SHOWN_END_USER: Schema = {
    "type": ["object", "null"],
    "properties": {
        "id": _TEXT,
        "email": _TEXT_OR_NULL,
        "display_name": _TEXT_OR_NULL,
        "tags": {"type": ["object", "null"]},
        "organization": {"type": ["object", "null"]},
    },
    "required": ["id", "email", "display_name", "tags", "organization"],
}
_COMMON = {
    "id": {"type": "integer"},
    "connection_id": CONNECTION_ID,
    "provider_config_key": INTEGRATION_KEY,
    "provider": _TEXT,
    "errors": {
        "type": "array",
        "items": fields({"type": {"enum": ["auth", "sync"]}, "log_id": _TEXT}, required=["type", "log_id"]),
    },
    "end_user": SHOWN_END_USER,
    "tags": {"type": "object", "additionalProperties": _TEXT},
    "metadata": METADATA,
}
LISTED: Schema = fields({**_COMMON, "created": _TEXT}, required=[*_COMMON, "created"])
_FULL = {
    **_COMMON,
    "created_at": _TEXT,
    "updated_at": _TEXT,
    "last_fetched_at": _TEXT_OR_NULL,
    "connection_config": {"type": "object"},
    "webhook_url_override": _TEXT_OR_NULL,
    "credentials": {"type": "object"},
}
FULL: Schema = fields(_FULL, required=list(_FULL))
_INTEGRATION = {
    "unique_key": INTEGRATION_KEY,
    "provider": _TEXT,
    "display_name": _TEXT,
    "logo": _TEXT,
    "forward_webhooks": {"type": "boolean"},
    "created_at": _TEXT,
    "updated_at": _TEXT,
}
INTEGRATION: Schema = fields(
    {**_INTEGRATION, "webhook_url": _TEXT_OR_NULL, "credentials": {"type": ["object", "null"]}},
    required=list(_INTEGRATION),
)


def when(moment: float) -> str:
    """A moment as clients parse it: UTC, milliseconds, Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def listed(stored: StoredConnection, errors: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """A connection in a list: nothing of its credentials. `errors` is what is wrong with it (`Health.errors`)."""
    return {**_common(stored, errors), "created": when(stored.created_at)}


def full(
    stored: StoredConnection, opened: Connection | None, errors: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A connection on its own; `opened` if its credentials are told."""
    return {
        **_common(stored, errors),
        "created_at": when(stored.created_at),
        "updated_at": when(stored.updated_at),
        "last_fetched_at": None if stored.last_fetched_at is None else when(stored.last_fetched_at),
        "connection_config": dict(stored.connection_config if opened is None else opened.connection_config),
        "webhook_url_override": stored.webhook_url_override,
        "credentials": {} if opened is None else _credentials(opened),
    }


def integration(host: Host, stored: StoredIntegration) -> dict[str, Any]:
    """An integration without what is only told on request."""
    return {
        "unique_key": stored.unique_key,
        "provider": stored.provider,
        "display_name": stored.display_name or host.catalog.get(stored.provider).display_name,
        "logo": logo_url(host, stored.provider),
        "forward_webhooks": stored.forward_webhooks,
        "created_at": when(stored.created_at),
        "updated_at": when(stored.created_at if stored.updated_at is None else stored.updated_at),
    }


def _common(stored: StoredConnection, errors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": stored.key,
        "connection_id": stored.id,
        "provider_config_key": stored.integration,
        "provider": stored.provider,
        "errors": list(errors),
        "end_user": None if stored.end_user is None else dict(stored.end_user),
        "tags": dict(stored.tags),
        "metadata": dict(stored.metadata),
    }


def _credentials(opened: Connection) -> dict[str, Any]:
    credentials = dict(opened.credentials)
    return {} if credentials.get("type") == "NONE" else credentials
