"""Facebook, Instagram and Threads: a token that lives for hours is exchanged for one that lives for weeks."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.runtime.auth.flow import Ask, Flow, TokenRequest
from connectors.runtime.auth.oauth2_answer import credentials_of, read
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_config import granted, known
from connectors.runtime.auth.oauth2_quirks.recipe import (
    JSON,
    Fields,
    Part,
    Quirk,
    Recipe,
    exchanged,
    with_percent_query,
)
from connectors.runtime.auth.oauth2_values import url_of

_SHORT_LIVED = Recipe(
    {
        "client_id": Part.CLIENT_ID,
        "client_secret": Part.CLIENT_SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": Part.REDIRECT_URI,
        "code": Part.CODE,
    }
)


@dataclass(frozen=True)
class _LongLived:
    """The code for a short-lived token, and that for a long-lived one."""

    prefix: str  # of the names that the API gives its grants

    def __call__(self, ask: Ask) -> Flow:
        short = yield from exchanged(_SHORT_LIVED, ask)
        url = url_of(ask, known(ask), "refresh_url").rpartition("/")[0] + "/access_token"
        fields = {
            "grant_type": f"{self.prefix}_exchange_token",
            "access_token": credentials_of(ask, short)["access_token"],
            "client_secret": client_of(ask).secret,
        }
        answer = yield TokenRequest("GET", with_percent_query(url, fields), {"Accept": JSON})
        raw = read(ask, answer, refreshing=False)
        return granted(ask, credentials_of(ask, raw, answer=answer), raw)


def _weeks(prefix: str) -> Quirk:
    query: Fields = {"grant_type": f"{prefix}_refresh_token", "access_token": Part.ACCESS_TOKEN}
    return Quirk(_LongLived(prefix), Recipe({}, query=query, url="refresh_url", method="GET"))


INSTAGRAM = _weeks("ig")
THREADS = _weeks("th")
FACEBOOK = Quirk(
    Recipe(
        {
            "client_id": Part.CLIENT_ID,
            "client_secret": Part.CLIENT_SECRET,
            "code": Part.CODE,
            "redirect_uri": Part.REDIRECT_URI,
            "code_verifier": Part.VERIFIER,
        },
        query={"redirect_uri": Part.REDIRECT_URI},
        encoding="json",
    ),
    Recipe(
        {},
        query={
            "grant_type": "fb_exchange_token",
            "client_id": Part.CLIENT_ID,
            "client_secret": Part.CLIENT_SECRET,
            "fb_exchange_token": Part.ACCESS_TOKEN,
        },
        method="GET",
    ),
)
