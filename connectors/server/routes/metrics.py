"""Numbers for a monitor."""

from __future__ import annotations

from starlette.responses import Response

from connectors.engine.metrics import CONTENT_TYPE
from connectors.server.contract import Call, Endpoint, Reply, Who


def metrics(call: Call) -> Response:
    """What this process counted and what the store holds: numbers, providers and endpoints; nothing of a customer."""
    return Response(call.host.metrics.text(call.host), media_type=CONTENT_TYPE)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/metrics",
        metrics,
        "Numbers for Prometheus.",
        who=Who.PUBLIC,
        lane="rest",
        tag="server",
        any_query=True,
        answers={200: Reply("In Prometheus' text format.", {"type": "string"}, media_type="text/plain")},
    ),
)
