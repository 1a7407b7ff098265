"""MCP_OAUTH2: OAuth 2.0 for an MCP server whose endpoints the definition knows. PKCE always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime.auth.answers import json_of, refusal, unusable
from connectors.runtime.auth.encoding import json_bytes
from connectors.runtime.auth.flow import Ask, Consent, Exchanges, Flow, Redirect, TokenAnswer, TokenRequest
from connectors.runtime.auth.oauth2_authorize import authorize
from connectors.runtime.auth.oauth2_client import Client
from connectors.runtime.auth.oauth2_exchange import exchange
from connectors.runtime.auth.oauth2_quirks import recipe
from connectors.runtime.auth.oauth2_quirks.table import QUIRKS
from connectors.runtime.auth.oauth2_refresh import refresh_generic
from connectors.runtime.auth.oauth2_values import url_of

REGISTRATION_FAILED = "client_registration_failed"
_REGISTERED = ("response_types", "grant_types")  # what a definition may say of the client


def begin(ask: Ask, consent: Consent) -> Exchanges[Redirect]:
    """The authorization URL and the PKCE verifier. Parameters of ours cannot be replaced; `consent.params` is not sent.

    The integration's client was registered before (`register`), is the customer's own, or is the
    address of a metadata document. Raises as OAUTH2 does, and UnresolvedPlaceholder for the token URL too.
    """
    yield from ()  # nothing has to be asked first
    return authorize(ask, consent, strict=True)


def acquire(ask: Ask) -> Flow:
    """The code for tokens. The client may be a public one. Raises as OAUTH2 does."""
    quirk = QUIRKS.get(ask.provider.name)
    return (yield from (recipe.acquire(quirk, ask) if quirk else exchange(ask, public=True)))


def refresh(ask: Ask) -> Flow:
    """A fresh access token. Raises as OAUTH2 does."""
    quirk = QUIRKS.get(ask.provider.name)
    return (yield from (recipe.refresh(quirk, ask) if quirk else refresh_generic(ask, public=True)))


def registration_of(ask: Ask) -> str:
    """How a client comes to be: `dynamic` (by `register`), `static` (the customer's own) or `cimd`.

    With `cimd` the client id is the address of a metadata document.
    """
    return str(ask.provider.definition.get("client_registration") or "static")


def register(ask: Ask, callback_url: str, client_name: str) -> Exchanges[Client]:
    """A client for an integration of a provider with dynamic registration (RFC 7591), made when it is created.

    Raises DefinitionError without registration_url, TokenRefused, TokenUnusable.
    """
    if registration_of(ask) != "dynamic":
        raise DefinitionError(f"{ask.provider.name} registers no clients.", provider=ask.provider.name)
    params = ask.provider.definition.get("registration_params")
    own = {name: params[name] for name in _REGISTERED if name in params} if isinstance(params, Mapping) else {}
    url = url_of(ask, ask.connection_config, "registration_url")
    answer = yield registration(url, callback_url, client_name, own)
    return registered(ask, answer)


def registration(url: str, callback_url: str, client_name: str, own: Mapping[str, Any]) -> TokenRequest:
    """The request for a public client."""
    body = {
        "redirect_uris": [callback_url],
        "token_endpoint_auth_method": "none",
        "client_name": client_name,
        **own,
    }
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    return TokenRequest("POST", url, headers, json_bytes(body))


def registered(ask: Ask, answer: TokenAnswer) -> Client:
    """The client that was made. Raises TokenRefused, TokenUnusable."""
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, REGISTRATION_FAILED)
    content = json_of(answer)
    name = content.get("client_id") if isinstance(content, Mapping) else None
    if not isinstance(name, str) or not name:
        raise unusable(ask, answer, "it names no client", REGISTRATION_FAILED)
    return Client(name, str(content.get("client_secret") or ""))
