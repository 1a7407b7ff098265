"""COROS: renewing makes the same token live for another thirty days; the answer holds a result code only."""

from __future__ import annotations

from connectors.runtime.auth.flow import Ask, Exchanges, Grant
from connectors.runtime.auth.oauth2_answer import credentials_of
from connectors.runtime.auth.oauth2_quirks.recipe import Part, Quirk, Recipe, picked, renewed

_DONE = "0000"
_SECONDS = 30 * 24 * 3600
_RENEWAL = Recipe(
    {
        "client_id": Part.CLIENT_ID,
        "refresh_token": Part.REFRESH_TOKEN,
        "client_secret": Part.CLIENT_SECRET,
        "grant_type": "refresh_token",
    },
    url="refresh_url",
)


def _renew(ask: Ask) -> Exchanges[Grant]:
    content = yield from renewed(_RENEWAL, ask)
    kept = {name: ask.credentials.get(name) for name in ("access_token", "refresh_token")}
    raw = {**kept, "expires_in": _SECONDS} if content.get("result") == _DONE else {}
    return Grant(credentials_of(ask, raw, refreshing=True))


COROS = Quirk(
    Recipe(
        {
            "client_id": Part.CLIENT_ID,
            "redirect_uri": Part.REDIRECT_URI,
            "code": Part.CODE,
            "client_secret": Part.CLIENT_SECRET,
            "grant_type": "authorization_code",
        },
        raw=picked("access_token", "refresh_token", "expires_in", "openId"),
    ),
    _renew,
)
