"""The server itself: is it alive, is it ready, and what can be asked of it."""

from __future__ import annotations

from connectors.errors import ConnectorError
from connectors.server.contract import Answer, Call, Endpoint, Reply, Who, fields
from connectors.server.openapi import document
from connectors.server.public import public_url


async def health(_: Call) -> Answer:
    """Alive: no thread and no database is asked, so nothing that is slow can stop it."""
    return Answer({"result": "ok"})


def ready(call: Call) -> Answer:
    """Ready: the database answers and the vault has its key, if anything is sealed."""
    try:
        environments = call.host.environments.list()
        if environments and environments[0].keys:
            call.host.environments.signing_key(environments[0].name)
    except ConnectorError as error:
        return Answer({"result": "not ready", "code": error.code}, 503)
    return Answer({"result": "ok"})


def openapi(call: Call) -> Answer:
    """What can be asked, for programs."""
    from connectors.server.routes import endpoints

    return Answer(document(endpoints(), server=public_url(call.host)))


_RESULT = fields({"result": {"type": "string"}}, required=["result"])

ENDPOINTS = (
    Endpoint(
        "GET",
        "/health",
        health,
        "Whether the server is alive.",
        who=Who.PUBLIC,
        tag="server",
        any_query=True,
        answers={200: Reply("It is.", _RESULT)},
    ),
    Endpoint(
        "GET",
        "/ready",
        ready,
        "Whether the server can do its work: its database answers, and what is sealed can be opened.",
        who=Who.PUBLIC,
        lane="rest",
        tag="server",
        any_query=True,
        answers={
            200: Reply("It can.", _RESULT),
            503: Reply("It cannot; the code says why.", fields({"result": {}, "code": {}}, required=["result"])),
        },
    ),
    Endpoint(
        "GET",
        "/openapi.json",
        openapi,
        "This description.",
        who=Who.PUBLIC,
        lane="rest",
        tag="server",
        answers={200: Reply("OpenAPI 3.1.", {"type": "object"})},
    ),
)
