"""Connecting with what was filled in. Values travel in the body and nowhere else, and none is ever sent back."""

from __future__ import annotations

from typing import Any

from connectors.errors import (
    CallError,
    ConfigError,
    ConnectorError,
    ConsentNeeded,
    DefinitionError,
    InputError,
    RunError,
    StoreError,
    TokenError,
)
from connectors.runtime.auth import MODES
from connectors.server.attempt import Attempt
from connectors.server.connect.failures import Failure, explained
from connectors.server.connect.languages import chosen
from connectors.server.connect.screens import LANGUAGE, Form
from connectors.server.contract import INTEGRATION_KEY, Answer, Call, Endpoint, Refusal, Reply, Schema, Who, fields
from connectors.server.refusing import log_failure
from connectors.server.routes.auth import connected, refusal_code

_LONGEST = 65_536
_VALUES: Schema = {
    "type": "object",
    "maxProperties": 200,
    "additionalProperties": {"type": "string", "maxLength": _LONGEST},
}


def connect(call: Call) -> Answer:
    """Try what was filled in at the provider, and store it."""
    session, body = call.session, call.body
    assert session is not None
    language = chosen(call.query.get("lang", ""), call.headers.get("accept-language", ""))
    attempt = Attempt.of(call, MODES.keys(), sent=body.get("connection_config", {}))
    form = Form.of(call.host, session, attempt.key, language)
    try:
        stored = attempt.connect(body.get("credentials", {}), body.get("assertion_option") or None)
    except (ConfigError, InputError, CallError, TokenError, StoreError, RunError) as error:
        if isinstance(error, (DefinitionError, StoreError, ConsentNeeded)):
            log_failure(error, call.endpoint)
        failure = explained(error, attempt.provider, form.inputs, language)
        raise Refusal(400, _code(error), _message(error, failure), payload=failure.to_dict()) from error
    return Answer(connected(attempt, stored), headers={"Cache-Control": "no-store"})


def _code(error: ConnectorError) -> str:
    """What the page that opened the form is told, in the words of the reference runtime's client."""
    if isinstance(error, (CallError, TokenError, InputError)) and not isinstance(error, ConfigError):
        return refusal_code(error)
    return "invalid_body" if isinstance(error, ConfigError) else "server_error"


def _message(error: ConnectorError, failure: Failure) -> str:
    """The details, which are in English and hold no secret; what is about this machine stays here."""
    return failure.sentence if isinstance(error, StoreError) else error.message


_CONNECTED: dict[str, Any] = {"connectionId": {"type": "string"}, "providerConfigKey": {"type": "string"}}
ENDPOINTS = (
    Endpoint(
        "POST",
        "/connect/attempt/{key}",
        connect,
        "Connect an account with what the form was filled in with.",
        who=Who.SESSION,
        lane="upstream",
        path_schema={"key": INTEGRATION_KEY},
        query=fields({"lang": LANGUAGE}),
        body=fields({"connection_config": _VALUES, "credentials": _VALUES, "assertion_option": _VALUES}),
        answers={200: Reply("It is connected.", fields({**_CONNECTED, "isPending": {"type": "boolean"}}))},
        refusals=(404,),
        hidden=True,
        page=True,
    ),
)
