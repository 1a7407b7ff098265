"""TWO_STEP: submitted fields are exchanged for a token, in one request or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.runtime.auth.answers import refusal
from connectors.runtime.auth.assertion import assertion_of
from connectors.runtime.auth.cookies import RESERVED, kept
from connectors.runtime.auth.declared import texts
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant, TokenAnswer, TokenRequest
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.metadata import metadata_of
from connectors.runtime.auth.parsing import two_step_credentials
from connectors.runtime.auth.two_step_body import Values, content, request
from connectors.runtime.auth.two_step_steps import step_request, steps_of
from connectors.runtime.template import without_credentials

_FETCH_FAILED = "two_step_credentials_fetch_error"
_NOT_ACCEPTED = "invalid_two_step_credentials"


def acquire(ask: Ask) -> Flow:
    """The token request, then the definition's further steps; the last answer holds the token.

    Raises UnresolvedPlaceholder, KeyMaterialInvalid for a key that cannot sign, TokenRefused for an
    answer that says no, TokenUnusable for one without a token.
    """
    definition, own = ask.provider.definition, _integration_values(ask)
    credentials = {**ask.credentials, **own}
    fields = {name: value for name, value in ask.credentials.items() if name not in RESERVED and name not in own}
    if isinstance(definition.get("signature"), Mapping):
        credentials["token"] = yield from _signed_token(ask, credentials)
    assertion = assertion_of(ask, credentials)
    if assertion is not None:
        credentials["assertion"] = fields["assertion"] = assertion
    answer = yield _first_request(ask, credentials)
    knowing = replace(ask, credentials=credentials)  # an answer that says no may repeat what it was sent
    contents = [_content(knowing, answer, (200, 201))]
    names = texts(ask.provider, "token_response_headers")
    headers = kept(names, answer, {})
    for step in steps_of(ask):
        answer = yield step_request(ask, step, credentials, contents)
        knowing = replace(ask, credentials={**credentials, "answers": contents, "headers": headers})
        contents.append(_content(knowing, answer, (200,)))
        headers = kept(names, answer, headers)
    raw = contents[-1]
    token = two_step_credentials(ask.provider, raw, ask.moment.now)
    return Grant({**fields, **headers, **token}, metadata_of(texts(ask.provider, "token_response_metadata"), raw))


refresh = acquire  # a stored refresh token is what makes the difference, and it can be submitted too


def _integration_values(ask: Ask) -> dict[str, Any]:
    """The values that the operator gave for all connections. They are sent, and not stored with a connection."""
    fields = ask.provider.definition.get("integration_config")
    names = fields if isinstance(fields, Mapping) else {}
    return {name: ask.integration.custom[name] for name in names if ask.integration.custom.get(name)}


def _signed_token(ask: Ask, credentials: Mapping[str, Any]) -> Exchanges[str]:
    from connectors.runtime.auth import jwt

    grant = yield from jwt.acquire(replace(ask, credentials=credentials))
    return str(grant.credentials["token"])


def _first_request(ask: Ask, credentials: Mapping[str, Any]) -> TokenRequest:
    definition = ask.provider.definition
    url, params, headers = (definition.get(name) for name in ("token_url", "token_params", "token_headers"))
    renewing = "refresh_token_params" in definition or "refresh_token_headers" in definition
    if renewing and credentials.get("refresh_token"):
        url = definition.get("refresh_url") or url
        params = definition.get("refresh_token_params")
        headers = definition.get("refresh_token_headers") or headers
    address = make_url(url, ask.connection_config, credentials, moment=ask.moment)
    values = Values(ask, credentials, with_config=True)
    return request(
        ask,
        definition.get("token_request_method"),
        address,
        values.headers(without_credentials(headers), "token header"),
        values.params(without_credentials(params), "token parameter"),
    )


def _content(ask: Ask, answer: TokenAnswer, accepted: tuple[int, ...]) -> Any:
    if answer.status not in accepted:
        raise refusal(ask, answer, _NOT_ACCEPTED if 200 <= answer.status < 300 else _FETCH_FAILED)
    return content(ask, answer)
