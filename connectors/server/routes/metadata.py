"""Metadata of connections: replaced, or laid over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, InputError, UnknownConnection, UnknownIntegration
from connectors.server.contract import (
    CONNECTION_ID,
    INTEGRATION_KEY,
    Answer,
    Call,
    Endpoint,
    Refusal,
    Reply,
    Schema,
    fields,
)
from connectors.server.routes.shapes import METADATA

Change = Callable[[Call], Answer]

if TYPE_CHECKING:
    from connectors.engine.store.connections import StoredConnection


def set_metadata(call: Call) -> Answer:
    """Replace the metadata of one connection or of several."""
    _write(call, merge=False)
    return Answer(call.body, 201)


def update_metadata(call: Call) -> Answer:
    """Lay something over the metadata of one connection or of several, at its top level."""
    _write(call, merge=True)
    return Answer(call.body)


def _named(call: Call) -> list[StoredConnection]:
    """The connections that the body names: all of them, or a refusal and none."""
    given = call.body["connection_id"]
    ids = [given] if isinstance(given, str) else given
    return [call.connection(each, call.body["provider_config_key"]) for each in dict.fromkeys(ids)]


def _write(call: Call, *, merge: bool) -> None:
    for stored in _named(call):
        try:
            call.host.connections.write_metadata(
                call.environment, stored.id, call.body["metadata"], stored.integration, merge=merge
            )
        except InputError as error:
            raise Refusal.invalid("invalid_body", ["metadata"], error.message) from error


_IDS: Schema = {
    **CONNECTION_ID,
    "type": ["string", "array"],
    "items": CONNECTION_ID,
    "minItems": 1,
    "maxItems": 100,
    "description": "One, or several.",
}
_METADATA_BODY = fields(
    {"connection_id": _IDS, "provider_config_key": INTEGRATION_KEY, "metadata": METADATA},
    required=["connection_id", "provider_config_key", "metadata"],
)
ERRORS: Mapping[type[ConnectorError], tuple[int, str]] = {
    UnknownIntegration: (404, "unknown_connection"),  # its connections are no more known than it is
    UnknownConnection: (404, "unknown_connection"),
}
ENDPOINTS = (
    Endpoint(
        "POST",
        "/connections/metadata",
        set_metadata,
        "Replace the metadata of one connection, or of several.",
        scopes=("connections:write",),
        body=_METADATA_BODY,
        answers={201: Reply("What was sent.", _METADATA_BODY)},
        errors=ERRORS,
    ),
    Endpoint(
        "PATCH",
        "/connections/metadata",
        update_metadata,
        "Lay something over the metadata of one connection, or of several.",
        scopes=("connections:write",),
        body=_METADATA_BODY,
        answers={200: Reply("What was sent.", _METADATA_BODY)},
        errors=ERRORS,
    ),
)
