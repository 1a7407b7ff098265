"""Finds out how an MCP server wants to be asked for consent (RFC 9728, then RFC 8414)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import HostRefused, IntegrationIncomplete, InvalidUrl
from connectors.runtime.address import Address, parse
from connectors.runtime.auth.answers import json_of, unusable
from connectors.runtime.auth.flow import Ask, Exchanges, TokenRequest
from connectors.runtime.hosts import is_private

DISCOVERY_FAILED = "mcp_discovery_failed"
_RESOURCE = "/.well-known/oauth-protected-resource"
_SERVER = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint")


@dataclass(frozen=True)
class Endpoints:
    """What was found out, as it is stored with the connection."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    resource: str  # the server, as its tokens name it (RFC 8707)
    registration_endpoint: str = ""
    scopes: tuple[str, ...] = ()  # that the resource offers
    takes_metadata_documents: bool = False  # a client id may be the address of a document


def server_of(ask: Ask) -> Address:
    """The address of the MCP server in the connection's configuration.

    Raises IntegrationIncomplete without one, InvalidUrl, HostRefused unless it is https on a public host.
    """
    text = ask.connection_config.get("mcp_server_url")
    if not isinstance(text, str) or not text:
        raise IntegrationIncomplete(
            "The connection has no mcp_server_url.",
            next_step="Give the connection the address of the MCP server.",
            provider=ask.provider.name,
        )
    return public(text, "mcp_server_url")


def public(text: str, name: str) -> Address:
    """An https address on a public host. Raises HostRefused for any other, InvalidUrl for none."""
    address = parse(text)
    if address.scheme != "https":
        raise HostRefused(f"{name} does not start with https.", next_step="Give an https address.")
    if is_private(address.host):
        raise HostRefused(f"{name} is an IP address or belongs to a private network.")
    if address.user_info is not None:
        raise HostRefused(f"{name} holds a user name.")
    return address


def discover(ask: Ask) -> Exchanges[Endpoints]:
    """Ask the server which authorization server it trusts, and that one for its endpoints.

    A server that does not say is taken for its own authorization server. Raises as `server_of`, and
    TokenUnusable if no metadata is found, or if they name another issuer or no PKCE with S256.
    """
    server = server_of(ask)
    resource = yield from _first(_resource_places(server))
    issuer = public(_issuer_of(resource) or server.origin, "the authorization server")
    metadata = yield from _first(_server_places(issuer))
    if metadata is None:
        raise unusable(ask, None, "no metadata of its authorization server were found", DISCOVERY_FAILED)
    _check(ask, metadata, issuer)
    found = resource or {}
    scopes = found.get("scopes_supported")
    return Endpoints(
        issuer=_plain(issuer),
        authorization_endpoint=str(public(str(metadata["authorization_endpoint"]), "authorization_endpoint")),
        token_endpoint=str(public(str(metadata["token_endpoint"]), "token_endpoint")),
        registration_endpoint=_optional(metadata.get("registration_endpoint")),
        resource=_resource_of(found, server),
        scopes=tuple(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else (),
        takes_metadata_documents=metadata.get("client_id_metadata_document_supported") is True,
    )


def _first(places: Iterator[str]) -> Exchanges[Mapping[str, Any] | None]:
    """The first JSON object that one of the places answers with."""
    for place in places:
        answer = yield TokenRequest("GET", place, {"Accept": "application/json"})
        content = json_of(answer) if answer.status == 200 else None
        if isinstance(content, Mapping):
            return content
    return None


def _resource_places(server: Address) -> Iterator[str]:
    path = server.path.rstrip("/")
    if path:
        yield f"{server.origin}{_RESOURCE}{path}"
    yield f"{server.origin}{_RESOURCE}"


def _server_places(issuer: Address) -> Iterator[str]:
    path = issuer.path.rstrip("/")
    yield f"{issuer.origin}{_SERVER}{path}"
    yield f"{issuer.origin}{_OPENID}{path}"
    if path:
        yield f"{issuer.origin}{path}{_OPENID}"


def _issuer_of(resource: Mapping[str, Any] | None) -> str | None:
    servers = (resource or {}).get("authorization_servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    return first if isinstance(first, str) else None


def _resource_of(resource: Mapping[str, Any], server: Address) -> str:
    """The name that the resource gives itself, if it is one of this server's (RFC 9728, section 3.3)."""
    told = resource.get("resource")
    try:
        own = isinstance(told, str) and parse(told).origin == server.origin
    except InvalidUrl:
        own = False
    return str(told) if own else _plain(server)


def _check(ask: Ask, metadata: Mapping[str, Any], issuer: Address) -> None:
    missing = [name for name in _ENDPOINTS if not isinstance(metadata.get(name), str)]
    if missing:
        raise unusable(ask, None, f"its metadata have no {' and no '.join(missing)}", DISCOVERY_FAILED)
    told = metadata.get("issuer")
    if isinstance(told, str) and told.rstrip("/") != _plain(issuer):
        raise unusable(ask, None, "its metadata are those of another issuer", DISCOVERY_FAILED)
    methods = metadata.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise unusable(ask, None, "its authorization server knows no PKCE with S256", DISCOVERY_FAILED)


def _plain(address: Address) -> str:
    return str(address).rstrip("/")


def _optional(endpoint: Any) -> str:
    return str(public(endpoint, "registration_endpoint")) if isinstance(endpoint, str) and endpoint else ""
