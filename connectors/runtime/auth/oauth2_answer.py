"""From the answer of an OAuth 2.0 token endpoint to credentials that can be stored (RFC 6749, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.errors import TokenUnusable
from connectors.runtime.auth.answers import json_of, redactor, refusal, unusable
from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.flow import Ask, TokenAnswer
from connectors.runtime.auth.parsing import oauth2_credentials, oauth2_expiry

_LONGEST_REASON = 200  # characters of the provider's own words in a message
REFRESH_FAILED = "refresh_token_external_error"


def read(ask: Ask, answer: TokenAnswer, *, refreshing: bool) -> Mapping[str, Any]:
    """The JSON object of a good answer. Raises TokenRefused for any other status, TokenUnusable for any other body."""
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, REFRESH_FAILED if refreshing else "token_err")
    content = json_of(answer)
    if not isinstance(content, Mapping):
        raise unusable(ask, answer, "it is no JSON object", _parsing_error(refreshing))
    return content


def with_expiry(raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answer with `expires_at` as a date, worked out from `expires_in` if it is not there.

    One that is there and no text stays as it is.
    """
    readable = "expires_at" not in raw or isinstance(raw["expires_at"], str)
    moment = oauth2_expiry(raw, now) if readable else None
    return {**raw, "expires_at": iso(moment)} if moment else dict(raw)


def credentials_of(
    ask: Ask,
    raw: Mapping[str, Any],
    *,
    answer: TokenAnswer | None = None,
    refreshing: bool = False,
    refresh_token: Any = None,
) -> dict[str, Any]:
    """The stored shape. `refresh_token` is what stays if the answer brings no new one.

    Raises TokenUnusable for an answer without a token.
    """
    try:
        found = oauth2_credentials(ask.provider, dict(raw), ask.moment.now)
    except TokenUnusable:
        what = f"it has no access_token{redactor(ask).text(reason(raw))}"
        raise unusable(ask, answer, what, _parsing_error(refreshing)) from None
    if not isinstance(found["access_token"], str):
        raise unusable(ask, answer, "its access_token is no text", _parsing_error(refreshing))
    if "refresh_token" not in found and refresh_token:
        found["refresh_token"] = refresh_token
    own = ask.credentials.get("config_override")
    return found | ({"config_override": own} if own else {})


def reason(told: Mapping[str, Any]) -> str:
    """The standard's `error` and `error_description`, if they are there, as one short line."""
    words = (told.get(name) for name in ("error", "error_description"))
    line = " - ".join(" ".join(word.split()) for word in words if isinstance(word, str) and word)
    plain = "".join(sign for sign in line if sign.isprintable())
    return f"; it says: {plain[:_LONGEST_REASON]}" if plain else ""


def _parsing_error(refreshing: bool) -> str:
    return "refresh_token_parsing_error" if refreshing else "unknown_err"
