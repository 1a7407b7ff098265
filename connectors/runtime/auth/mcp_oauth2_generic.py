"""MCP_OAUTH2_GENERIC: OAuth 2.0 for any MCP server. Its endpoints and our client there are found out when connecting.

What was found is kept in the connection's configuration, but for a client secret, which goes into the
credentials; renewing uses it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from connectors.errors import ConsentRefused, IntegrationIncomplete
from connectors.runtime.address import form
from connectors.runtime.auth.flow import Ask, Callback, Consent, Exchanges, Flow, Grant, Redirect, TokenRequest
from connectors.runtime.auth.mcp_discovery import Endpoints, discover, public, server_of
from connectors.runtime.auth.mcp_oauth2 import registered, registration
from connectors.runtime.auth.oauth2_answer import credentials_of, read, with_expiry
from connectors.runtime.auth.oauth2_client import Client
from connectors.runtime.auth.oauth2_exchange import code_of, form_body
from connectors.runtime.auth.oauth2_refresh import refresh_token_of
from connectors.runtime.auth.pkce import challenge, new_verifier

FOUND = "mcp_oauth"  # name in the connection's configuration
_UNREGISTERED = "nango-client"  # what the reference runtime calls itself where clients cannot be registered
_CLIENT_NAME = "Connectors"


def begin(ask: Ask, consent: Consent) -> Exchanges[Redirect]:
    """Discover the server, have a client, and give the authorization URL.

    The client is the integration's if it has one (with `https://…` as its id, only where the server reads
    such documents), else one that is registered now, else one with a fixed id. Raises IntegrationIncomplete,
    HostRefused, TokenRefused, TokenUnusable.
    """
    found = yield from discover(ask)
    client = yield from _client(ask, consent, found)
    verifier = new_verifier(ask.moment)
    scope = ask.integration.scopes.replace(",", " ") or " ".join(found.scopes)
    params = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": consent.callback_url,
        **({"scope": scope} if scope else {}),
        "state": consent.state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "resource": found.resource,
    }
    mark = "&" if "?" in found.authorization_endpoint else "?"
    kept = {**asdict(found), "scopes": list(found.scopes), "client_id": client.id}
    remember = {"code_verifier": verifier, FOUND: kept, "client_secret": client.secret}
    return Redirect(f"{found.authorization_endpoint}{mark}{form(list(params.items()))}", remember)


def acquire(ask: Ask) -> Flow:
    """The code for tokens of this server. Raises ConsentRefused, IntegrationIncomplete, TokenRefused, TokenUnusable."""
    code, back = code_of(ask)
    found = back.remembered.get(FOUND)
    if not isinstance(found, Mapping):
        raise ConsentRefused("What was found out about the MCP server is gone; it has to be asked again.")
    _check_issuer(back, found)
    client = Client(str(found.get("client_id") or ""), str(back.remembered.get("client_secret") or ""))
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back.callback_url,
        "code_verifier": str(back.remembered.get("code_verifier") or ""),
    }
    answer = yield _request(found, client, fields)
    raw = with_expiry(read(ask, answer, refreshing=False), ask.moment.now)
    credentials = credentials_of(ask, raw, answer=answer)
    if client.secret:
        credentials["config_override"] = {"client_id": client.id, "client_secret": client.secret}
    return Grant(credentials, {"mcp_server_url": str(server_of(ask)), FOUND: dict(found)})


def refresh(ask: Ask) -> Flow:
    """A fresh access token from where the first one came. Raises IntegrationIncomplete, TokenRefused, TokenUnusable."""
    found = ask.connection_config.get(FOUND)
    if not isinstance(found, Mapping):
        raise IntegrationIncomplete(
            "The connection does not say where its tokens come from.",
            next_step="Connect the MCP server again.",
            provider=ask.provider.name,
        )
    token = refresh_token_of(ask)
    own = ask.credentials.get("config_override")
    secret = str(own.get("client_secret") or "") if isinstance(own, Mapping) else ""
    client = Client(str(found.get("client_id") or ""), secret)
    answer = yield _request(found, client, {"grant_type": "refresh_token", "refresh_token": token})
    raw = with_expiry(read(ask, answer, refreshing=True), ask.moment.now)
    return Grant(credentials_of(ask, raw, answer=answer, refreshing=True, refresh_token=token))


def _client(ask: Ask, consent: Consent, found: Endpoints) -> Exchanges[Client]:
    own = ask.integration
    if own.client_id and (found.takes_metadata_documents or not own.client_id.startswith("https://")):
        return Client(own.client_id, own.client_secret)
    if not found.registration_endpoint:
        return Client(_UNREGISTERED, "")
    grants = {"response_types": ["code"], "grant_types": ["authorization_code", "refresh_token"]}
    answer = yield registration(found.registration_endpoint, consent.callback_url, _CLIENT_NAME, grants)
    return registered(ask, answer)


def _request(found: Mapping[str, Any], client: Client, fields: Mapping[str, str]) -> TokenRequest:
    """A request to the token endpoint, for tokens of this server only (RFC 8707)."""
    url = public(str(found.get("token_endpoint") or ""), "token_endpoint")
    proof = {"client_id": client.id, **({"client_secret": client.secret} if client.secret else {})}
    body = {**fields, **proof, "resource": str(found.get("resource") or "")}
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    return TokenRequest("POST", str(url), headers, form_body(body))


def _check_issuer(back: Callback, found: Mapping[str, Any]) -> None:
    """The callback comes from the server that was asked (RFC 9207)."""
    told = back.params.get("iss")
    if told is not None and told.rstrip("/") != found.get("issuer"):
        raise ConsentRefused("The callback comes from another authorization server than the one that was asked.")
