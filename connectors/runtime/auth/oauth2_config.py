"""What an OAuth 2.0 connection keeps in its configuration, and where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth.declared import texts
from connectors.runtime.auth.flow import Ask, Grant
from connectors.runtime.auth.metadata import metadata_of
from connectors.runtime.auth.oauth2_client import (
    ID_OVERRIDE,
    REFRESH_TOKEN_OVERRIDE,
    SCOPES_OVERRIDE,
    SECRET_OVERRIDE,
)


def known(ask: Ask, raw: Any = None) -> dict[str, Any]:
    """The configuration so far: from the token answer, the callback, the webhook, and as it was given.

    The later one wins, but an empty value that was given gives way.
    """
    given = {name: value for name, value in ask.connection_config.items() if value not in ("", None)}
    return {**dict(ask.connection_config), **_learned(ask, raw), **given}


def granted(ask: Ask, credentials: Mapping[str, Any], raw: Any) -> Grant:
    """What is to be stored after an exchange.

    A client that the connection brought along moves from the configuration into the credentials, so
    that it is sealed and refreshing uses it; a refresh token that it brought along takes the place of
    the answer's.
    """
    config = ask.connection_config
    changed: dict[str, Any] = {
        name: value for name, value in known(ask, raw).items() if config.get(name) != value or name not in config
    }
    stored = dict(credentials)
    own = {"client_id": config.get(ID_OVERRIDE), "client_secret": config.get(SECRET_OVERRIDE)}
    own = {name: value for name, value in own.items() if value}
    if own:
        stored["config_override"] = own
    if config.get(REFRESH_TOKEN_OVERRIDE):
        stored["refresh_token"] = config[REFRESH_TOKEN_OVERRIDE]
        stored["raw"] = {**stored["raw"], "refresh_token": config[REFRESH_TOKEN_OVERRIDE]}
        changed["overrideTokenRefresh"] = True
    changed |= {name: None for name in (ID_OVERRIDE, SECRET_OVERRIDE, REFRESH_TOKEN_OVERRIDE) if name in config}
    if isinstance(config.get(SCOPES_OVERRIDE), str):
        changed[SCOPES_OVERRIDE] = [scope.strip() for scope in config[SCOPES_OVERRIDE].split(",")]
    return Grant(stored, changed)


def _learned(ask: Ask, raw: Any) -> dict[str, Any]:
    webhook = ask.callback.webhook if ask.callback else None
    return {
        **metadata_of(texts(ask.provider, "token_response_metadata"), raw),
        **_of_callback(ask),
        **metadata_of(texts(ask.provider, "webhook_response_metadata"), webhook),
    }


def _of_callback(ask: Ask) -> dict[str, str]:
    names = texts(ask.provider, "redirect_uri_metadata")
    params = ask.callback.params if ask.callback else {}
    return {name: params[name] for name in names if isinstance(params.get(name), str)}
