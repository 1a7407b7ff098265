"""Slack: a bot and a person, each with a token of their own, and refusals with status 200."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.runtime.auth.answers import json_of, refusal
from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant, TokenAnswer
from connectors.runtime.auth.oauth2_answer import REFRESH_FAILED, credentials_of, read, with_expiry
from connectors.runtime.auth.oauth2_config import granted
from connectors.runtime.auth.oauth2_exchange import exchanged, token_request
from connectors.runtime.auth.oauth2_quirks.recipe import Quirk
from connectors.runtime.auth.oauth2_refresh import refresh_token_of
from connectors.runtime.auth.oauth2_values import url_of


def _exchange(ask: Ask) -> Flow:
    raw, answer = yield from exchanged(ask)
    _check(ask, answer, "token_err")
    return granted(ask, _soonest(ask, raw, credentials_of(ask, raw, answer=answer)), raw)


def _renew(ask: Ask) -> Exchanges[Grant]:
    """The token that calls use, and then the person's, where the two are not the same."""
    token = refresh_token_of(ask)
    raw, answer = yield from _renewed(ask, token)
    user = _user(ask.credentials.get("raw"))
    if user.get("refresh_token") and user["refresh_token"] != token:
        fresh, _ = yield from _renewed(ask, str(user["refresh_token"]))
        names = ("access_token", "refresh_token", "expires_in")
        raw |= {"authed_user": {**user, **{name: fresh[name] for name in names if name in fresh}}}
    credentials = credentials_of(ask, raw, answer=answer, refreshing=True, refresh_token=token)
    return Grant(_soonest(ask, raw, credentials))


def _renewed(ask: Ask, token: str) -> Exchanges[tuple[dict[str, Any], TokenAnswer]]:
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    answer = yield token_request(ask, url_of(ask, ask.connection_config, "token_url"), fields, public=False)
    raw = with_expiry(read(ask, answer, refreshing=True), ask.moment.now)
    _check(ask, answer, REFRESH_FAILED)
    return raw, answer


def _check(ask: Ask, answer: TokenAnswer, reference_code: str) -> None:
    content = json_of(answer)
    if isinstance(content, Mapping) and content.get("ok") is False:
        raise refusal(ask, answer, reference_code)


def _soonest(ask: Ask, raw: Mapping[str, Any], credentials: dict[str, Any]) -> dict[str, Any]:
    """The credentials with the earlier expiry of the two tokens."""
    lives = [life for part in (raw, _user(raw)) if isinstance(life := part.get("expires_in"), int) and life > 0]
    return credentials | ({"expires_at": iso(ask.moment.now + timedelta(seconds=min(lives)))} if lives else {})


def _user(raw: Any) -> Mapping[str, Any]:
    user = raw.get("authed_user") if isinstance(raw, Mapping) else None
    return user if isinstance(user, Mapping) else {}


SLACK = Quirk(_exchange, _renew)
