"""APP: an app that a person installs in an account, as GitHub has them; it proves itself with a key of its own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from connectors.errors import ConsentRefused
from connectors.runtime.auth.answers import json_of, refusal, unusable
from connectors.runtime.auth.flow import Ask, Consent, Exchanges, Flow, Grant, Redirect, TokenRequest
from connectors.runtime.auth.integration_values import learned, with_query
from connectors.runtime.auth.jws import sign
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.oauth2_client import incomplete
from connectors.runtime.auth.pem import private_key
from connectors.runtime.auth.submitted import signing

_FAILED = "refresh_token_external_error"
_JWT_LASTS = 600  # seconds; GitHub takes no longer ones
_ACCEPT = "application/vnd.github.v3+json"
INSTALLATION = "installation_id"
LINK = "appPublicLink"


def begin(ask: Ask, consent: Consent) -> Exchanges[Redirect]:
    """The page that installs the app; the state comes back from it.

    Raises IntegrationIncomplete without the app's link, id or key.
    """
    yield from ()
    _app_id(ask)
    _key(ask)
    config = {**ask.connection_config, **link(ask)}
    if not config.get(LINK):
        raise incomplete(ask, "has no link to the app (app_link)")
    template = ask.provider.definition.get("authorization_url")
    page = make_url(template, config, moment=ask.moment, name="authorization_url")
    return Redirect(with_query(page, [("state", consent.state)]))


def acquire(ask: Ask) -> Flow:
    """A token for the installation that the callback names, or the connection's configuration.

    Raises ConsentRefused if nobody has installed the app yet, IntegrationIncomplete,
    KeyMaterialInvalid, TokenRefused, TokenUnusable.
    """
    config = learned(ask) | link(ask) | installation(ask)
    if not (config.get(INSTALLATION) or ask.connection_config.get(INSTALLATION)):
        raise ConsentRefused(
            f"The app is not installed at {ask.provider.display_name} yet; an owner there may have to approve it.",
            provider=ask.provider.name,
            reference_code="callback_err",
        )
    return Grant((yield from installation_token(ask, config)), config)


def refresh(ask: Ask) -> Flow:
    """Another token for the same installation. Raises as `acquire` does."""
    return Grant((yield from installation_token(ask, {})))


def installation(ask: Ask) -> dict[str, str]:
    """The installation that the callback names, if it does."""
    found = ask.callback.params.get(INSTALLATION) if ask.callback else None
    return {INSTALLATION: found} if found else {}


def link(ask: Ask) -> dict[str, str]:
    """The app's public page, as the definition's addresses name it, if the integration has it."""
    found = ask.integration.custom.get("app_link")
    return {LINK: str(found)} if found else {}


def installation_token(ask: Ask, config: Mapping[str, Any], token_url: Any = None) -> Exchanges[dict[str, Any]]:
    """Credentials of an installation; `config` is laid over the connection's configuration."""
    template = token_url or ask.provider.definition.get("token_url")
    url = make_url(template, ask.connection_config, config, moment=ask.moment)
    proof = _proof(ask)
    headers = {"accept": _ACCEPT, "authorization": f"Bearer {proof}", "content-type": "application/json"}
    answer = yield TokenRequest("POST", url, headers, b"{}")
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, _FAILED)
    raw = json_of(answer)
    if not isinstance(raw, Mapping) or not isinstance(raw.get("token"), str) or not raw["token"]:
        raise unusable(ask, answer, "no token", _FAILED)
    ends = {"expires_at": raw["expires_at"]} if raw.get("expires_at") else {}
    return {"type": "APP", "access_token": raw["token"], **ends, "raw": dict(raw), "jwtToken": proof}


def _proof(ask: Ask) -> str:
    """A short-lived token that only the app can have signed."""
    now = int(ask.moment.now.timestamp())
    claims = {"iat": now, "exp": now + _JWT_LASTS, "iss": _app_id(ask)}
    with signing(ask):
        return sign({"alg": "RS256", "typ": "JWT"}, claims, _key(ask))


def _app_id(ask: Ask) -> str:
    integration = ask.integration
    found = integration.custom.get("app_id") or integration.client_id or ask.connection_config.get("app_id")
    if not found:
        raise incomplete(ask, "has no app id (app_id)", "missing_client_id")
    return str(found)


def _key(ask: Ask) -> str:
    """The app's key: PEM, or PEM in Base64 once more, as the reference runtime stores it."""
    text = str(ask.integration.custom.get("private_key") or ask.integration.client_secret)
    if not text:
        raise incomplete(ask, "has no private key of the app (private_key)", "missing_client_secret")
    plain = _unwrapped(text)
    with signing(ask):
        return private_key(plain)


def _unwrapped(text: str) -> str:
    try:
        inner = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return text
    return inner if "-----BEGIN" in inner else text
