"""OAUTH2: a person consents in a browser; the code that comes back is exchanged for tokens (RFC 6749, RFC 7636)."""

from __future__ import annotations

from connectors.errors import ConsentNeeded
from connectors.runtime.auth.flow import Ask, Consent, Exchanges, Flow, Grant, Redirect
from connectors.runtime.auth.oauth2_authorize import authorize
from connectors.runtime.auth.oauth2_exchange import exchange
from connectors.runtime.auth.oauth2_quirks import recipe
from connectors.runtime.auth.oauth2_quirks.table import QUIRKS
from connectors.runtime.auth.oauth2_refresh import refresh_generic
from connectors.runtime.catalog import Provider


def is_installed_outside(provider: Provider) -> bool:
    """Whether people install the app at the provider's own site, which then tells a webhook of it.

    Such a connection is made first, pending; `acquire` with the webhook's body in the callback fills it.
    """
    return provider.definition.get("installation") == "outbound"


def begin(ask: Ask, consent: Consent) -> Exchanges[Redirect]:
    """The authorization URL, and the PKCE verifier to remember.

    Raises ConsentNeeded for an app that is installed at the provider's site, DefinitionError for a
    definition that cannot be used so, IntegrationIncomplete without a client id, UnresolvedPlaceholder if
    the connection lacks a value, HostRefused for one that may not stand in the address.
    """
    if is_installed_outside(ask.provider):
        raise ConsentNeeded(
            f"{ask.provider.display_name} is connected by installing the app on its own site.",
            next_step="Install the app there; its webhook completes the connection.",
            provider=ask.provider.name,
        )
    yield from ()  # nothing has to be asked first
    return authorize(ask, consent)


def acquire(ask: Ask) -> Flow:
    """The code of the callback, or of the installation webhook, for tokens.

    Of an app that is installed at the provider's site the connection is pending without a callback.
    Raises ConsentRefused without a code, IntegrationIncomplete without a client, UnresolvedPlaceholder,
    HostRefused, TokenRefused, TokenUnusable.
    """
    if ask.callback is None and is_installed_outside(ask.provider):
        return Grant({"type": "OAUTH2", "pending": True, "raw": {}})
    quirk = QUIRKS.get(ask.provider.name)
    return (yield from (recipe.acquire(quirk, ask) if quirk else exchange(ask)))


def refresh(ask: Ask) -> Flow:
    """A fresh access token; the refresh token stays where the answer brings none.

    `ask.callback` is needed for one provider only, whose proof names the callback's host; its
    `callback_url` is enough. Raises as `acquire` does.
    """
    quirk = QUIRKS.get(ask.provider.name)
    return (yield from (recipe.refresh(quirk, ask) if quirk else refresh_generic(ask)))
