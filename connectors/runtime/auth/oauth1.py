"""OAUTH1: three steps of OAuth 1.0a (RFC 5849, section 2): a request token, consent, an access token that lasts."""

from __future__ import annotations

from connectors.errors import ConsentRefused
from connectors.runtime.address import parse_form
from connectors.runtime.auth.answers import refusal, unusable
from connectors.runtime.auth.encoding import form_plus
from connectors.runtime.auth.flow import Ask, Callback, Consent, Exchanges, Flow, Grant, Redirect, TokenAnswer
from connectors.runtime.auth.integration_values import learned, with_query
from connectors.runtime.auth.keys import as_submitted as refresh
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.oauth1_token import Token, token_request
from connectors.runtime.auth.oauth2_values import resolved, scopes
from connectors.runtime.scalars import text_of

__all__ = ["acquire", "begin", "refresh"]

_REQUEST_FAILED = "token_request_err"
_ACCESS_FAILED = "token_err"


def begin(ask: Ask, consent: Consent) -> Exchanges[Redirect]:
    """A request token, and the page where a person consents to it.

    Raises IntegrationIncomplete without a client, TokenRefused and TokenUnusable for the answer,
    UnresolvedPlaceholder if the connection lacks a value.
    """
    back = with_query(consent.callback_url, [("state", consent.state)])
    page = _url(ask, "authorization_url")
    added = _texts(ask, "authorization_params")
    params = {"oauth_callback": back, **_texts(ask, "request_params")}
    request = token_request(ask, _url(ask, "request_url"), params)
    answer = yield request
    token, _ = _read(ask, answer, _REQUEST_FAILED)
    query = {"oauth_token": token.value, "scope": scopes(ask), **added, "oauth_callback": back}
    query |= {name: value for name, value in consent.params.items() if value is not None}
    return Redirect(
        f"{page}{'&' if '?' in page else '?'}{form_plus(query.items()).decode('ascii')}",
        {"oauth_token": token.value, "oauth_token_secret": token.secret},
    )


def acquire(ask: Ask) -> Flow:
    """The verifier of the callback and the request token, for an access token.

    Raises ConsentRefused if the callback holds no verifier or is for another token, IntegrationIncomplete,
    TokenRefused, TokenUnusable.
    """
    verifier, token = _consent(ask)
    params = {"oauth_verifier": verifier, **_texts(ask, "token_params")}
    answer = yield token_request(ask, _url(ask, "token_url"), params, token)
    access, raw = _read(ask, answer, _ACCESS_FAILED)
    credentials = {"type": "OAUTH1", "oauth_token": access.value, "oauth_token_secret": access.secret, "raw": raw}
    return Grant(credentials, learned(ask, raw))


def _consent(ask: Ask) -> tuple[str, Token]:
    """The verifier, and the request token it is for."""
    back = ask.callback or Callback({}, "")
    value, secret = back.remembered.get("oauth_token"), back.remembered.get("oauth_token_secret")
    verifier = back.params.get("oauth_verifier")
    if not verifier or not value:
        raise _refused(ask, "did not send consent back")
    if back.params.get("oauth_token", value) != value:
        raise _refused(ask, "sent consent back for another request than the one that was made")
    return verifier, Token(str(value), str(secret or ""))


def _refused(ask: Ask, what: str) -> ConsentRefused:
    return ConsentRefused(
        f"{ask.provider.display_name} {what}.", provider=ask.provider.name, reference_code="callback_err"
    )


def _read(ask: Ask, answer: TokenAnswer, reference_code: str) -> tuple[Token, dict[str, str]]:
    """The token of an answer, and all of the answer."""
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, reference_code)
    raw = dict(parse_form(answer.text.strip()))
    if not raw.get("oauth_token") or "oauth_token_secret" not in raw:
        raise unusable(ask, answer, "no oauth_token with its secret", reference_code)
    return Token(raw["oauth_token"], raw["oauth_token_secret"]), raw


def _url(ask: Ask, key: str) -> str:
    return make_url(ask.provider.definition.get(key), ask.connection_config, moment=ask.moment, name=key)


def _texts(ask: Ask, key: str) -> dict[str, str]:
    return {name: text_of(value) for name, value in resolved(ask, key, ask.connection_config).items()}
