"""Connecting from a customer's page without a browser's consent: one endpoint per kind of credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connectors.errors import CallError, ConfigError, InputError, TokenError
from connectors.server.attempt import Attempt
from connectors.server.contract import (
    CONNECTION_ID,
    INTEGRATION_KEY,
    Answer,
    Call,
    Endpoint,
    Refusal,
    Reply,
    Schema,
    Who,
    fields,
)

if TYPE_CHECKING:
    from connectors.engine.store.connections import StoredConnection

_NOT_CREDENTIALS = ("type", "assertionOption")
_TEXT: Schema = {"type": "string", "maxLength": 65_536}
_GIVEN: Schema = {"type": "string", "minLength": 1, "maxLength": 65_536}
_SHORT: Schema = {"type": "string", "maxLength": 1024}
_ANY: Schema = {"type": "object", "properties": {"assertionOption": {"type": "object"}}}
_TYPE: Schema = {"type": "string"}

QUERY: Schema = fields(
    {
        "connect_session_token": {"type": "string"},
        "public_key": {"type": "string"},
        "params": {"type": "object", "additionalProperties": {"type": "string"}, "description": "connection_config"},
        "connection_id": {**CONNECTION_ID, "description": "Refused: a connect session chooses it."},
        "hmac": {"type": "string"},
        "user_scope": {"type": "string"},
        "authorization_params": {"type": "object", "additionalProperties": {"type": "string"}},
        "credentials": {"type": "object", "additionalProperties": {"type": "string"}},
        "token_id": {"type": "string"},
        "token_secret": {"type": "string"},
    }
)
_CONNECTED = fields(
    {"connectionId": CONNECTION_ID, "providerConfigKey": INTEGRATION_KEY, "isPending": {"type": "boolean"}},
    required=["connectionId", "providerConfigKey"],
)


def _connecting(mode: str) -> Callable[[Call], Answer]:
    """The handler of one auth mode."""

    def connect(call: Call) -> Answer:
        """Try the credentials at the provider, and store them."""
        attempt = Attempt.of(call, (mode,))
        body: Mapping[str, Any] = call.body or {}
        credentials = {name: value for name, value in body.items() if name not in _NOT_CREDENTIALS}
        if mode == "OAUTH2_CC":
            _check_client(credentials)
        try:
            stored = attempt.connect(credentials, body.get("assertionOption"))
        except ConfigError as error:
            raise _unfit(error) from error
        except (CallError, TokenError, InputError) as error:
            raise Refusal(400, refusal_code(error), error.message) from error
        return Answer(connected(attempt, stored))

    return connect


def connected(attempt: Attempt, stored: StoredConnection) -> dict[str, Any]:
    """What a page is told about its new connection."""
    pending = attempt.host.connections.open(stored).credentials.get("pending")
    told: dict[str, Any] = {"connectionId": stored.id, "providerConfigKey": stored.integration}
    return {**told, "isPending": True} if pending else told


def refusal_code(error: CallError | TokenError | InputError) -> str:
    """The code of an attempt that failed; the reference runtime's where the mode knows it."""
    known = error.facts.get("reference_code")
    if isinstance(known, str):
        return known
    return "invalid_body" if isinstance(error, InputError) else "connection_test_failed"


def _unfit(error: ConfigError) -> Refusal:
    """Fields that do not fit, each where the page put it."""
    problems = [
        {
            "code": "custom",
            "message": f"{problem.title}: {problem.message}",
            "path": [problem.field] if problem.group == "credentials" else ["params", problem.field],
        }
        for problem in error.problems
    ]
    in_body = any(problem.group == "credentials" for problem in error.problems)
    return Refusal(400, "invalid_body" if in_body else "invalid_query_params", error.message, errors=problems)


def _check_client(credentials: dict[str, Any]) -> None:
    for name in [name for name, value in credentials.items() if value is None]:
        del credentials[name]
    if not credentials.get("client_id"):
        raise Refusal(400, "missing_client_id", "The client id is missing.")
    if not credentials.get("client_secret") and not credentials.get("client_private_key"):
        raise Refusal(400, "missing_client_secret", "The client secret is missing.")


def _required(*names: str, of: Schema = _GIVEN, **optional: Schema) -> Schema:
    return fields({**dict.fromkeys(names, of), **optional}, required=names)


_CLIENT = {name: {"type": ["string", "null"], "maxLength": 65_536} for name in ("client_id", "client_secret")}
_CERTIFICATE = {name: {"type": ["string", "null"]} for name in ("client_certificate", "client_private_key")}
_OVERRIDES = {f"oauth_{name}_override": _TEXT for name in ("client_id", "client_secret", "refresh_token")}
_ROUTES: tuple[tuple[str, str, Schema | None], ...] = (
    ("/api-auth/api-key/{key}", "API_KEY", _required("apiKey", of={**_SHORT, "minLength": 1})),
    ("/api-auth/basic/{key}", "BASIC", _required("username", "password", of=_SHORT)),
    ("/auth/unauthenticated/{key}", "NONE", None),
    ("/auth/two-step/{key}", "TWO_STEP", _ANY),
    ("/auth/jwt/{key}", "JWT", _ANY),
    ("/auth/signature/{key}", "SIGNATURE", _required("username", "password", type=_TYPE)),
    ("/auth/bill/{key}", "BILL", _required("username", "password", "organization_id", "dev_key")),
    ("/auth/tba/{key}", "TBA", _required("token_id", "token_secret", **_OVERRIDES)),
    ("/auth/aws-sigv4/{key}", "AWS_SIGV4", _required("role_arn", type=_TYPE, region=_SHORT)),
    ("/oauth2/auth/{key}", "OAUTH2_CC", fields({**_CLIENT, **_CERTIFICATE, "type": _TYPE})),
    ("/auth/oauth-outbound/{key}", "OAUTH2", None),
)
ENDPOINTS = tuple(
    Endpoint(
        "POST",
        path,
        _connecting(mode),
        f"Connect an account with credentials of the kind {mode}. They are tried at the provider first.",
        who=Who.FRONTEND,
        lane="upstream",
        path_schema={"key": INTEGRATION_KEY},
        query=QUERY,
        body=body,
        answers={200: Reply("It is connected.", _CONNECTED)},
        refusals=(404,),
        tag="auth",
    )
    for path, mode, body in _ROUTES
)
