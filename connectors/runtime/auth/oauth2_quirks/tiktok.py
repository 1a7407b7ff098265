"""TikTok: three APIs, each with names of its own; two wrap their answers in `data`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.oauth2_quirks.recipe import Fields, Part, Quirk, Raw, Recipe

_ACCOUNT = (
    "access_token",
    "token_type",
    "scope",
    "expires_in",
    "refresh_token",
    "refresh_token_expires_in",
    "open_id",
)
_CLIENT: Fields = {"client_id": Part.CLIENT_ID, "client_secret": Part.CLIENT_SECRET}
_KEY: Fields = {"client_key": Part.CLIENT_ID, "client_secret": Part.CLIENT_SECRET}


def _unwrapped(*names: str) -> Raw:
    def raw(ask: Ask, content: Mapping[str, Any]) -> dict[str, Any]:
        del ask
        data = content.get("data")
        found = {name: data[name] for name in names if name in data} if isinstance(data, Mapping) else {}
        return found | {name: content[name] for name in ("request_id",) if name in content}

    return raw


ADS = Quirk(
    Recipe(
        {"secret": Part.CLIENT_SECRET, "app_id": Part.CLIENT_ID, "auth_code": Part.CODE},
        encoding="json",
        raw=_unwrapped("access_token", "advertiser_ids", "scope"),
    ),
    None,  # a token lives until it is revoked
)
ACCOUNTS = Quirk(
    Recipe(
        {
            **_CLIENT,
            "grant_type": "authorization_code",
            "auth_code": Part.CODE,
            "redirect_uri": Part.REDIRECT_URI,
        },
        encoding="json",
        raw=_unwrapped(*_ACCOUNT),
    ),
    Recipe(
        {**_CLIENT, "grant_type": "refresh_token", "refresh_token": Part.REFRESH_TOKEN},
        encoding="json",
        raw=_unwrapped(*_ACCOUNT),
        url="refresh_url",
    ),
)
PERSONAL = Quirk(
    Recipe({**_KEY, "code": Part.CODE, "grant_type": "authorization_code", "redirect_uri": Part.REDIRECT_URI}),
    Recipe({**_KEY, "grant_type": "refresh_token", "refresh_token": Part.REFRESH_TOKEN}),
)
