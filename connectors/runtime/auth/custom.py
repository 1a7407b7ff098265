"""CUSTOM: an app that is installed and acts for a person too: an APP token for calls, beside an OAUTH2 user token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.errors import ConsentRefused, TokenError
from connectors.runtime.auth.app import INSTALLATION, begin, installation, installation_token, link
from connectors.runtime.auth.dates import expiration
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant
from connectors.runtime.auth.integration_values import learned
from connectors.runtime.auth.oauth2_exchange import exchange
from connectors.runtime.auth.oauth2_refresh import refresh_generic

__all__ = ["acquire", "begin", "refresh"]

_USER = "userCredentials"  # in connection_config; the post-connection script of the reference's definition reads it
_APP, _OAUTH2 = "APP", "OAUTH2"  # keys of the definition's token_url
_SOON = timedelta(minutes=15)


def acquire(ask: Ask) -> Flow:
    """The callback's code for the user's token, and a token for the installation once there is one.

    While the installation waits for an owner, the user's token is all there is, and the connection is
    marked `pending`. Without a callback the installation alone is used. Raises ConsentRefused if there
    is neither a code nor an installation, IntegrationIncomplete, KeyMaterialInvalid, TokenRefused, TokenUnusable.
    """
    user = yield from _user_token(ask)
    config = learned(ask) | link(ask) | installation(ask) | ({_USER: user} if user else {})
    if config.get(INSTALLATION) or ask.connection_config.get(INSTALLATION):
        pending = {"pending": None} if "pending" in ask.connection_config else {}
        return Grant((yield from installation_token(ask, config, _token_url(ask, _APP))), config | pending)
    if user is None:
        raise ConsentRefused(
            f"{ask.provider.display_name} sent neither a code nor an installation.",
            provider=ask.provider.name,
            reference_code="callback_err",
        )
    return Grant(user, {**config, "pending": True})


def refresh(ask: Ask) -> Flow:
    """Another token for the installation, and for the user if that one is about to end.

    A user's token that cannot be renewed is left as it is: calls go with the installation's.
    """
    if not ask.connection_config.get(INSTALLATION):
        return (yield from refresh_generic(_for_user(ask)))
    credentials = yield from installation_token(ask, {}, _token_url(ask, _APP))
    user = yield from _renewed(ask)
    return Grant(credentials, {_USER: user} if user else {})


def _user_token(ask: Ask) -> Exchanges[dict[str, Any] | None]:
    if ask.callback is None or not ask.callback.params.get("code"):
        return None
    grant = yield from exchange(_for_user(ask))
    return dict(grant.credentials)


def _renewed(ask: Ask) -> Exchanges[dict[str, Any] | None]:
    stored = ask.connection_config.get(_USER)
    if not isinstance(stored, Mapping) or not stored.get("refresh_token"):
        return None
    ends = expiration(stored.get("expires_at"), ask.moment.now)
    if ends is None or ends - ask.moment.now > _SOON:
        return None
    try:
        grant = yield from refresh_generic(replace(_for_user(ask), credentials=stored))
    except TokenError:
        return None
    return dict(grant.credentials)


def _for_user(ask: Ask) -> Ask:
    """The same question about the user's token alone."""
    definition = {**ask.provider.definition, "token_url": _token_url(ask, _OAUTH2)}
    config = {**ask.connection_config, **link(ask)}
    return replace(ask, provider=replace(ask.provider, definition=definition), connection_config=config)


def _token_url(ask: Ask, kind: str) -> Any:
    urls = ask.provider.definition.get("token_url")
    return urls.get(kind) if isinstance(urls, Mapping) else urls
