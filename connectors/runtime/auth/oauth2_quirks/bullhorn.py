"""Bullhorn: the token opens a session, and only the session's token may make calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth.encoding import component
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant, TokenRequest
from connectors.runtime.auth.oauth2_answer import credentials_of, read
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_config import granted, known
from connectors.runtime.auth.oauth2_exchange import code_of
from connectors.runtime.auth.oauth2_quirks.recipe import FORM, JSON, Fields, Part, Quirk, filled, with_percent_query
from connectors.runtime.auth.oauth2_values import url_of

_LOGIN = "https://rest-west.bullhornstaffing.com/rest-services/login"
_SESSION_MINUTES = 7 * 24 * 60
_CLIENT: Fields = {"client_id": Part.CLIENT_ID, "client_secret": Part.CLIENT_SECRET}
_CODE: Fields = {
    **_CLIENT,
    "grant_type": "authorization_code",
    "code": Part.CODE,
    "redirect_uri": Part.REDIRECT_URI,
}
_REFRESH: Fields = {**_CLIENT, "grant_type": "refresh_token", "refresh_token": Part.REFRESH_TOKEN}


def _exchange(ask: Ask) -> Flow:
    code_of(ask)
    raw = yield from _session(ask, known(ask), _CODE, refreshing=False)
    return granted(ask, credentials_of(ask, raw), raw)


def _renew(ask: Ask) -> Exchanges[Grant]:
    """A new token and a new session. The address of the session's API may be another one."""
    raw = yield from _session(ask, ask.connection_config, _REFRESH, refreshing=True)
    address = raw.get("restUrl")
    kept = ask.credentials.get("refresh_token")
    return Grant(
        credentials_of(ask, raw, refreshing=True, refresh_token=kept),
        {"restUrl": address} if isinstance(address, str) else {},
    )


def _session(ask: Ask, config: Mapping[str, Any], fields: Fields, *, refreshing: bool) -> Exchanges[dict[str, Any]]:
    headers = {"Accept": JSON, "Content-Type": FORM}
    url = f"{url_of(ask, config, 'token_url')}?{_query(filled(fields, ask, client_of(ask)))}"
    answer = yield TokenRequest("POST", url, headers)
    first = credentials_of(ask, read(ask, answer, refreshing=refreshing), answer=answer, refreshing=refreshing)
    login = {"version": "*", "access_token": first["access_token"], "ttl": str(_SESSION_MINUTES)}
    answer = yield TokenRequest("POST", with_percent_query(_LOGIN, login), headers)
    session = dict(read(ask, answer, refreshing=refreshing))
    token = session.pop("BhRestToken", None)
    kept = {"refresh_token": first["refresh_token"]} if "refresh_token" in first else {}
    return {**session, "expires_in": _SESSION_MINUTES * 60, "access_token": token, **kept}


def _query(fields: Mapping[str, str]) -> str:
    """A query in which `:`, `$` and `,` are not escaped, and a blank is `+`."""
    text = "&".join(f"{name}={component(value)}" for name, value in fields.items())
    for escaped, sign in (("%3A", ":"), ("%24", "$"), ("%2C", ","), ("%20", "+")):
        text = text.replace(escaped, sign)
    return text


BULLHORN = Quirk(_exchange, _renew)
