"""OAUTH2_CC: a token for the client itself (RFC 6749, section 4.4). Renewed by asking again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.errors import ConfigError, KeyMaterialInvalid, Problem
from connectors.runtime.auth import jws
from connectors.runtime.auth.answers import json_of, refusal
from connectors.runtime.auth.basic import basic
from connectors.runtime.auth.client_certificate import client_certificate
from connectors.runtime.auth.declared import texts
from connectors.runtime.auth.encoding import form_plus, json_bytes
from connectors.runtime.auth.flow import Ask, Flow, Grant, TokenRequest
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.metadata import metadata_of
from connectors.runtime.auth.missing import missing_value
from connectors.runtime.auth.parsing import oauth2_cc_credentials
from connectors.runtime.auth.submitted import part
from connectors.runtime.scalars import text_of
from connectors.runtime.template import render

FETCH_FAILED = "client_credentials_fetch_error"
_ASSERTION_LIFE = 300  # seconds; the reference runtime's
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523, section 2.2
_KEPT = ("client_id", "client_secret", "client_certificate", "client_private_key")


def acquire(ask: Ask) -> Flow:
    """One request to the token endpoint.

    Raises ConfigError for a missing client id or secret, KeyMaterialInvalid for a key that cannot sign,
    TokenRefused and TokenUnusable for the answer.
    """
    url = make_url(ask.provider.definition.get("token_url"), ask.connection_config, moment=ask.moment)
    answer = yield _request(ask, url)
    if answer.status >= 300:
        raise refusal(ask, answer, FETCH_FAILED)
    raw = json_of(answer)
    kept = {name: ask.credentials[name] for name in _KEPT if ask.credentials.get(name) is not None}
    return Grant(
        oauth2_cc_credentials(ask.provider, raw, ask.moment.now, kept),
        metadata_of(texts(ask.provider, "token_response_metadata"), raw),
    )


refresh = acquire


def _request(ask: Ask, url: str) -> TokenRequest:
    definition = ask.provider.definition
    headers, proof = _authentication(ask, url)
    params = _replaced([*proof.items(), *_declared(ask)], ask.connection_config.get("authorization_params"))
    certificate = client_certificate(ask.provider, ask.credentials)
    if definition.get("body_format") == "json":
        headers["content-type"] = "application/json"
        return TokenRequest("POST", url, headers, json_bytes(dict(params)), certificate)
    form = form_plus([(name, text_of(value)) for name, value in params])
    if definition.get("body_format") == "query":
        return TokenRequest("POST", f"{url}{'&' if '?' in url else '?'}{form.decode()}", headers, None, certificate)
    headers["content-type"] = "application/x-www-form-urlencoded"
    return TokenRequest("POST", url, headers, form, certificate)


def _authentication(ask: Ask, url: str) -> tuple[dict[str, str], dict[str, Any]]:
    """How the client proves itself: headers and parameters."""
    method = ask.provider.definition.get("token_request_auth_method")
    client_id = _given(ask, "client_id")
    if method == "private_key_jwt":
        assertion = _assertion(ask, client_id, url)
        return {}, {"client_id": client_id, "client_assertion_type": _JWT_BEARER, "client_assertion": assertion}
    if method == "basic":
        return {"authorization": basic(client_id, _given(ask, "client_secret"))}, {}
    if method == "custom":
        return {}, {"username": client_id, "password": _given(ask, "client_secret")}
    secret = ask.credentials.get("client_secret")
    return {}, {"client_id": client_id, **({"client_secret": secret} if secret else {})}


def _replaced(params: list[tuple[str, Any]], own: Any) -> list[tuple[str, Any]]:
    """The parameters, with each of the connection's own in place of all that have its name."""
    if not isinstance(own, Mapping):
        return params
    names = [name for name, _ in params]
    first = [name not in own or names.index(name) == at for at, name in enumerate(names)]
    kept = [(name, own.get(name, value)) for (name, value), stays in zip(params, first, strict=True) if stays]
    return kept + [(name, value) for name, value in own.items() if name not in names]


def _declared(ask: Ask) -> list[tuple[str, Any]]:
    """The definition's token_params with their values, and the scopes (beside a scope that is declared)."""
    params: list[tuple[str, Any]] = []
    for name, template in part(ask, "token_params").items():
        value = template
        if isinstance(template, str):
            rendered = render(template, {"connectionConfig": ask.connection_config}, moment=ask.moment)
            if rendered.missing:
                raise missing_value(ask.provider, rendered.missing, f"token parameter {name}")
            value = rendered.text
        params.append((str(name), value))
    scopes = str(ask.connection_config.get("oauth_scopes") or ask.integration.scopes or "")
    if scopes:
        separator = str(ask.provider.definition.get("scope_separator") or " ")
        params.append(("scope", scopes.replace(",", separator)))
    return params


def _assertion(ask: Ask, client_id: str, url: str) -> str:
    """A signed statement of who we are (RFC 7523): RS256, with the JSON Web Key that was given (RFC 7517)."""
    import jwt

    try:
        given = _object(ask.credentials.get("client_private_key"))
        key = jwt.PyJWK.from_dict(dict(given), algorithm="RS256").key
        header = {"alg": "RS256", "typ": "JWT", **({"kid": given["kid"]} if given.get("kid") else {})}
        issued = int(ask.moment.now.timestamp())
        claims = {"iss": client_id, "sub": client_id, "aud": url, "exp": issued + _ASSERTION_LIFE}
        return jws.sign(header, {**claims, "jti": ask.moment.random(), "iat": issued}, key)
    except (ValueError, TypeError, AttributeError, RecursionError, KeyMaterialInvalid, jwt.PyJWTError):
        message = "The client's private key is no RSA key in JSON (JSON Web Key)."
        step = "Paste the whole key as JSON, with its private parts."
        raise KeyMaterialInvalid(message, next_step=step, reference_code=FETCH_FAILED) from None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else json.loads(str(value or ""))


def _given(ask: Ask, name: str) -> str:
    value = ask.credentials.get(name)
    if value:
        return str(value)
    title = name.replace("_", " ").capitalize()
    problem = Problem("credentials", name, title, "has to be given.")
    raise ConfigError(problems=[problem], provider=ask.provider.name, reference_code=f"missing_{name}")
