"""Revolut Business: the integration's secret is a private key, and a signed assertion stands for it (RFC 7523)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from connectors.errors import IntegrationIncomplete
from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.jws import sign
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_quirks.recipe import Fields, Part, Quirk, Recipe, picked
from connectors.runtime.auth.pem import private_key

_AUDIENCE = "https://revolut.com"
_LIFETIME = timedelta(minutes=5)


def _assertion(ask: Ask) -> str:
    """RS256; its issuer is the host of the callback that is registered with the provider."""
    client = client_of(ask, plain=False)
    claims = {
        "iss": _callback_host(ask),
        "sub": client.id,
        "aud": _AUDIENCE,
        "exp": int((ask.moment.now + _LIFETIME).timestamp()),
    }
    return sign({"alg": "RS256", "typ": "JWT"}, claims, private_key(client.secret))


def _callback_host(ask: Ask) -> str:
    """Of the callback at hand; when renewing there is none, and the integration's custom `callback_url` says it."""
    own = ask.integration.custom.get("callback_url")
    host = urlsplit(ask.callback.callback_url if ask.callback else str(own or "")).hostname
    if host:
        return host
    raise IntegrationIncomplete(
        f"Tokens of {ask.provider.name} can only be renewed where the integration's callback_url is known.",
        next_step="Give the integration, as callback_url, the address that is registered with the provider.",
        provider=ask.provider.name,
    )


_PROOF: Fields = {
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": _assertion,
}
_KEPT = picked("access_token", "refresh_token", "expires_in")


def _recipe(fields: Fields) -> Recipe:
    return Recipe({**fields, **_PROOF}, raw=_KEPT, plain=False)


REVOLUT = Quirk(
    _recipe({"grant_type": "authorization_code", "code": Part.CODE}),
    _recipe({"grant_type": "refresh_token", "refresh_token": Part.REFRESH_TOKEN}),
)
