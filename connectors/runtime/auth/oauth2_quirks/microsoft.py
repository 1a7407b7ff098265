"""Microsoft's APIs with a second token beside the first one, and its consent of an administrator.

The second token is kept in the connection's configuration, as an object with `access_token`,
`expires_at` and `scope`; a script sets it after connecting, and it is renewed with the first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.encoding import component, form_plus
from connectors.runtime.auth.flow import Ask, Exchanges, Grant, TokenRequest
from connectors.runtime.auth.oauth2_answer import credentials_of, read
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_quirks.recipe import FORM, JSON, Fields, Part, Quirk, Recipe, renewed
from connectors.runtime.auth.oauth2_values import scopes
from connectors.runtime.auth.parsing import oauth2_expiry

SHAREPOINT = "sharepointAccessToken"
BOT = "botFrameworkAccessToken"
BOT_SCOPE = "https://api.botframework.com/.default"

_LOGIN = "https://login.microsoftonline.com"
_HOUR = timedelta(hours=1)
_CLIENT: Fields = {"client_id": Part.CLIENT_ID, "client_secret": Part.CLIENT_SECRET}
_CODE = Recipe({**_CLIENT, "code": Part.CODE, "redirect_uri": Part.REDIRECT_URI, "grant_type": "authorization_code"})
_REFRESH = Recipe({**_CLIENT, "refresh_token": Part.REFRESH_TOKEN, "grant_type": "refresh_token"})


def sharepoint_token(ask: Ask, refresh_token: str, scope: str) -> Exchanges[dict[str, Any]]:
    """A token for a SharePoint site, for the refresh token of the first one.

    `scope` is e.g. `https://TENANT.sharepoint.com/.default`. Raises TokenRefused, TokenUnusable.
    """
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": scope}
    return (yield from _second(ask, f"{_LOGIN}/common/oauth2/v2.0/token", fields))


def bot_token(ask: Ask) -> Exchanges[dict[str, Any]]:
    """A token for the Bot Framework, for the client alone. Raises TokenRefused, TokenUnusable."""
    tenant = str(ask.connection_config.get("botHostTenantId") or "botframework.com")
    fields = {"grant_type": "client_credentials", "scope": BOT_SCOPE}
    return (yield from _second(ask, f"{_LOGIN}/{component(tenant)}/oauth2/v2.0/token", fields))


def _second(ask: Ask, url: str, fields: Mapping[str, str]) -> Exchanges[dict[str, Any]]:
    client = client_of(ask)
    body = {"client_id": client.id, "client_secret": client.secret, **fields}
    answer = yield TokenRequest("POST", url, {"Accept": JSON, "Content-Type": FORM}, form_plus(body.items()))
    raw = read(ask, answer, refreshing=True)
    token = credentials_of(ask, raw, answer=answer, refreshing=True)["access_token"]
    ends = oauth2_expiry(raw, ask.moment.now) or ask.moment.now + _HOUR
    return {"access_token": token, "expires_at": iso(ends), "scope": fields["scope"]}


def _renew_with_sharepoint(ask: Ask) -> Exchanges[Grant]:
    first = yield from _renew(ask)
    second = ask.connection_config.get(SHAREPOINT)
    scope = second.get("scope") if isinstance(second, Mapping) else None
    if not isinstance(scope, str) or not scope:
        return first
    token = yield from sharepoint_token(ask, str(first.credentials["refresh_token"]), scope)
    return Grant(first.credentials, {SHAREPOINT: token})


def _renew_with_bot(ask: Ask) -> Exchanges[Grant]:
    first = yield from _renew(ask)
    if not isinstance(ask.connection_config.get(BOT), Mapping):
        return first
    token = yield from bot_token(ask)
    return Grant(first.credentials, {BOT: token})


def _renew(ask: Ask) -> Exchanges[Grant]:
    raw = yield from renewed(_REFRESH, ask)
    kept = ask.credentials.get("refresh_token")
    return Grant(credentials_of(ask, raw, refreshing=True, refresh_token=kept))


def _escaped_scopes(ask: Ask) -> str:
    """The form escapes them once more; the reference runtime sends them so."""
    return component(scopes(ask))


_ADMIN = Recipe({**_CLIENT, "grant_type": "client_credentials", "scope": _escaped_scopes})

WITH_SHAREPOINT = Quirk(_CODE, _renew_with_sharepoint)
TEAMS_BOT = Quirk(_CODE, _renew_with_bot)
ADMIN = Quirk(_ADMIN, _ADMIN)
