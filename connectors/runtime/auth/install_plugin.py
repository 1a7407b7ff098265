"""INSTALL_PLUGIN: a person installs the integration's plug-in; calls go out as the plug-in's own user."""

from __future__ import annotations

from connectors.errors import ConsentRefused
from connectors.runtime.auth.declared import texts
from connectors.runtime.auth.flow import Ask, Consent, Exchanges, Flow, Grant, Redirect
from connectors.runtime.auth.integration_values import learned, own_value, with_query


def begin(ask: Ask, consent: Consent) -> Exchanges[Redirect]:
    """The page that installs the plug-in; the state comes back from it.

    Raises IntegrationIncomplete without the plug-in's link or user, InvalidUrl for a link that is none.
    """
    yield from ()
    _user(ask)
    link = own_value(ask, "app_link", "link to the plug-in")
    return Redirect(with_query(link, [("payload", consent.state)]))


def acquire(ask: Ask) -> Flow:
    """No request: what the callback says of the installation is kept, and the plug-in's user signs in.

    Raises IntegrationIncomplete without a user, ConsentRefused if the callback names no installation.
    """
    yield from ()
    credentials = _user(ask)
    names = texts(ask.provider, "redirect_uri_metadata")
    config = learned(ask)
    lacking = [name for name in names if not config.get(name) and not ask.connection_config.get(name)]
    if lacking:
        named = ", ".join(lacking)
        raise ConsentRefused(
            f"{ask.provider.display_name} did not say where the plug-in was installed ({named}).",
            provider=ask.provider.name,
            reference_code="callback_err",
        )
    return Grant(credentials, config)


def refresh(ask: Ask) -> Flow:
    """No request: nothing expires, and the plug-in's user is the integration's of today."""
    yield from ()
    return Grant(_user(ask))


def _user(ask: Ask) -> dict[str, str]:
    user, password = own_value(ask, "username", "user name"), own_value(ask, "password", "password")
    return {"type": "BASIC", "username": user, "password": password}
