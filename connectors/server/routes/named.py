"""What several routes take: which connection is meant, and what an envelope looks like."""

from __future__ import annotations

from typing import Any

from connectors.server.contract import CONNECTION_ID, FUNCTION_NAME, INTEGRATION_KEY, Schema

# Headers that name a connection. Others are let through.
OF_CONNECTION: Schema = {
    "type": "object",
    "properties": {"connection-id": CONNECTION_ID, "provider-config-key": INTEGRATION_KEY},
    "required": ["connection-id", "provider-config-key"],
}
VARIANT: Schema = FUNCTION_NAME  # "base": none


def failed(failure: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a failed action."""
    told = ("code", "message", "errors", "payload", "upstream")
    return {"error": {name: failure[name] for name in told if failure.get(name) is not None}}
