"""What providers send: events that name what changed at a customer's account."""

from __future__ import annotations

from connectors.engine.installations import complete, is_for_installations
from connectors.errors import InvalidEvent, TokenError, UnknownWebhook
from connectors.server.contract import INTEGRATION_KEY, Answer, Call, Endpoint, Refusal, Reply, Schema, Who, fields
from connectors.server.public import public_url
from connectors.server.reading import whole_body
from connectors.server.routes.oauth import CALLBACK

_LARGEST = 2 * 1024 * 1024  # bytes; an event names what changed, it does not carry it
_PATH: dict[str, Schema] = {
    "address": {"type": "string", "maxLength": 64},
    "integration": INTEGRATION_KEY,
    "secret": {"type": "string", "maxLength": 200},
}


async def receive(call: Call) -> Answer:
    """Take events; the syncs that they are about run soon."""
    try:
        body = await whole_body(call.request, largest=_LARGEST)
    except Refusal as refusal:
        code = "request_too_large" if refusal.status == 413 else refusal.code
        raise Refusal(refusal.status, code, refusal.message) from refusal
    address, key, secret = call.path["address"], call.path["integration"], call.path.get("secret")
    try:
        if secret is None and await call.thread("store", is_for_installations, call.host, address, key):
            return await call.thread("upstream", _installed, call, body)
        received = await call.thread(
            "store", lambda: call.host.incoming.receive(address, key, call.headers, body, secret=secret)
        )
    except UnknownWebhook as error:
        if secret is not None:
            raise
        asks = {"WWW-Authenticate": 'Basic realm="webhooks"'}
        raise Refusal(401, "unknown_webhook", error.message, headers=asks) from error
    return Answer({"success": True, "events": received.events, "duplicates": received.duplicates})


def _installed(call: Call, body: bytes) -> Answer:
    """An app was installed at the provider's site: its connection is complete now."""
    back = f"{public_url(call.host)}{CALLBACK}"
    place = call.path["address"], call.path["integration"]
    done = complete(call.host, *place, call.headers, body, callback_url=back)
    return Answer({"success": True, "events": 0 if done is None else 1, "duplicates": 0})


_TAKEN = fields(
    {"success": {"const": True}, "events": {"type": "integer"}, "duplicates": {"type": "integer"}},
    required=["success", "events", "duplicates"],
)
ENDPOINTS = tuple(
    Endpoint(
        "POST",
        path,
        receive,
        says,
        who=Who.PUBLIC,
        raw_body=True,
        any_query=True,
        path_schema={name: schema for name, schema in _PATH.items() if f"{{{name}}}" in path},
        answers={200: Reply("They are taken.", _TAKEN)},
        refusals=(400, refused, 413),
        errors={
            UnknownWebhook: (404, "unknown_webhook"),
            InvalidEvent: (400, "invalid_event"),
            TokenError: (400, "connection_test_failed"),
        },
        tag="webhooks",
    )
    for path, says, refused in (
        ("/webhook/{address}/{integration}", "Events of a provider that logs in with a user name and a password.", 401),
        ("/webhook/{address}/{integration}/{secret}", "Events of a provider that knows the secret address.", 404),
    )
)
