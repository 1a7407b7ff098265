"""Old names of endpoints, which older clients still call: doubles of those that they became."""

from __future__ import annotations

from dataclasses import replace

from connectors.server.contract import CONNECTION_ID, INTEGRATION_KEY, Answer, Call, Endpoint, Reply
from connectors.server.routes import connections, metadata
from connectors.server.routes.shapes import METADATA

_OLD = "/connection"
_NEW = "/connections"


def set_one(call: Call) -> Answer:
    """Replace the metadata of the connection in the path; the body is the metadata."""
    return _of_one(call, metadata.set_metadata)


def update_one(call: Call) -> Answer:
    """Lay the body over the metadata of the connection in the path."""
    return _of_one(call, metadata.update_metadata)


def _of_one(call: Call, change: metadata.Change) -> Answer:
    named = {
        "connection_id": call.path["connection_id"],
        "provider_config_key": call.headers["provider-config-key"],
        "metadata": call.body,
    }
    return replace(change(replace(call, body=named)), body=call.body)


ENDPOINTS = (
    *(
        replace(endpoint, path=endpoint.path.replace(_NEW, _OLD, 1), deprecated=True, tag="connections")
        for endpoint in (*metadata.ENDPOINTS, *connections.ENDPOINTS)
    ),
    *(
        Endpoint(
            method,
            "/connection/{connection_id}/metadata",
            handler,
            says,
            scopes=("connections:write",),
            path_schema={"connection_id": CONNECTION_ID},
            headers={
                "type": "object",
                "properties": {"provider-config-key": INTEGRATION_KEY},
                "required": ["provider-config-key"],
            },
            body=METADATA,
            answers={status: Reply("What was sent.", METADATA)},
            errors=metadata.ERRORS,
            tag="connections",
            deprecated=True,
        )
        for method, handler, status, says in (
            ("POST", set_one, 201, "Replace the metadata of a connection."),
            ("PATCH", update_one, 200, "Lay something over the metadata of a connection."),
        )
    ),
)
