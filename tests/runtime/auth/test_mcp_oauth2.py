"""MCP servers: clients that are registered, and servers of which nothing but the address is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors import ConsentRefused, DefinitionError, HostRefused, IntegrationIncomplete, TokenRefused, TokenUnusable
from connectors.runtime.auth import mcp_oauth2, mcp_oauth2_generic
from connectors.runtime.auth.flow import Callback, Exchanges, Redirect, TokenAnswer, TokenRequest, drive

from .oauth2_world import CALLBACK, CONSENT, INTEGRATION, STORED, TOKENS, Server, ask, body, provider, query

SERVER = "https://mcp.example.com/v1/mcp"
NO_CLIENT = replace(INTEGRATION, client_id="", client_secret="", scopes="")
METADATA = {
    "issuer": "https://id.example.com/tenant",
    "authorization_endpoint": "https://id.example.com/authorize?own=1",
    "token_endpoint": "https://id.example.com/token",
    "registration_endpoint": "https://id.example.com/register",
    "code_challenge_methods_supported": ["S256"],
}
RESOURCE = {
    "resource": SERVER,
    "authorization_servers": ["https://id.example.com/tenant"],
    "scopes_supported": ["read"],
}
PLACES: Mapping[str, Any] = {
    "https://mcp.example.com/.well-known/oauth-protected-resource/v1/mcp": RESOURCE,
    "https://id.example.com/.well-known/oauth-authorization-server/tenant": METADATA,
    "https://id.example.com/register": {"client_id": "registered"},
    "https://id.example.com/token": TOKENS,
}


class Web:
    """Answers by address; 404 where there is nothing."""

    def __init__(self, places: Mapping[str, Any] = PLACES) -> None:
        self.sent: list[TokenRequest] = []
        self._places = places

    def run(self, flow: Exchanges[Any]) -> Any:
        return drive(flow, self._answer)

    def _answer(self, request: TokenRequest) -> TokenAnswer:
        self.sent.append(request)
        found = self._places.get(request.url)
        return TokenAnswer(404, b"<html>") if found is None else TokenAnswer(200, json.dumps(found).encode())


def generic(**given: Any) -> Any:
    config = given.pop("config", {"mcp_server_url": SERVER})
    return ask(provider(auth_mode="MCP_OAUTH2_GENERIC"), **{"integration": NO_CLIENT, "config": config, **given})


def begun(web: Web, **given: Any) -> Redirect:
    redirect = web.run(mcp_oauth2_generic.begin(generic(**given), CONSENT))
    assert isinstance(redirect, Redirect)
    return redirect


def back(redirect: Redirect, **params: str) -> Callback:
    return Callback({"code": "the code", "state": "the state", **params}, CALLBACK, redirect.remember)


def test_a_client_is_registered_as_a_public_one() -> None:
    server = Server({"client_id": "new", "client_secret": "hidden"})
    registering = provider(
        client_registration="dynamic",
        registration_url="https://id.example.com/register",
        registration_params={"grant_types": ["authorization_code"], "scope": "all"},
    )
    client = server.run(mcp_oauth2.register(ask(registering), CALLBACK, "Ours"))
    assert (client.id, client.secret) == ("new", "hidden")
    assert "hidden" not in repr(client)
    assert body(server.sent[0]) == {
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "client_name": "Ours",
        "grant_types": ["authorization_code"],
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [(TokenAnswer(400, b"{}"), TokenRefused), ({"no": "client"}, TokenUnusable), ([], TokenUnusable)],
)
def test_a_registration_that_fails_says_so(answer: Any, error: type[Exception]) -> None:
    registering = provider(client_registration="dynamic", registration_url="https://id.example.com/register")
    with pytest.raises(error):
        Server(answer).run(mcp_oauth2.register(ask(registering), CALLBACK, "Ours"))


def test_only_providers_with_dynamic_registration_register_clients() -> None:
    with pytest.raises(DefinitionError):
        Server().run(mcp_oauth2.register(ask(provider(client_registration="static")), CALLBACK, "Ours"))


def test_an_unknown_server_is_discovered_and_a_client_registered_there() -> None:
    web = Web()
    redirect = begun(web)
    assert [request.url for request in web.sent] == list(PLACES)[:3]
    found = query(redirect.url)
    assert urlsplit(redirect.url).path == "/authorize"
    assert (found["own"], found["client_id"], found["resource"], found["scope"]) == ("1", "registered", SERVER, "read")
    assert found["code_challenge_method"] == "S256"


def test_what_was_discovered_is_kept_and_used_to_exchange_and_renew() -> None:
    web = Web()
    redirect = begun(web)
    grant = web.run(mcp_oauth2_generic.acquire(generic(back=back(redirect, iss="https://id.example.com/tenant"))))
    fields = body(web.sent[-1])
    assert (fields["resource"], fields["client_id"], fields["code_verifier"]) == (
        SERVER,
        "registered",
        redirect.remember["code_verifier"],
    )
    assert grant.connection_config["mcp_server_url"] == SERVER
    web.run(mcp_oauth2_generic.refresh(generic(config=dict(grant.connection_config), credentials=grant.credentials)))
    assert web.sent[-1].url == "https://id.example.com/token"
    assert body(web.sent[-1]) == {
        "grant_type": "refresh_token",
        "refresh_token": "rt-1",
        "client_id": "registered",
        "resource": SERVER,
    }


def test_a_registered_secret_is_kept_with_the_credentials_only() -> None:
    web = Web({**PLACES, "https://id.example.com/register": {"client_id": "registered", "client_secret": "hidden"}})
    grant = web.run(mcp_oauth2_generic.acquire(generic(back=back(begun(web)))))
    assert grant.credentials["config_override"] == {"client_id": "registered", "client_secret": "hidden"}
    assert "hidden" not in str(grant.connection_config)
    web.run(mcp_oauth2_generic.refresh(generic(config=dict(grant.connection_config), credentials=grant.credentials)))
    assert body(web.sent[-1])["client_secret"] == "hidden"


def test_a_server_that_says_nothing_is_its_own_authorization_server() -> None:
    own = {name: text.replace("id.example", "mcp.example") for name, text in METADATA.items() if isinstance(text, str)}
    own["issuer"] = "https://mcp.example.com"
    del own["registration_endpoint"]
    web = Web({"https://mcp.example.com/.well-known/openid-configuration": own})
    redirect = begun(web)
    assert query(redirect.url)["client_id"] == "nango-client"
    assert query(redirect.url)["resource"] == SERVER


@pytest.mark.parametrize(
    ("client_id", "supported", "used"),
    [
        ("static", False, "static"),
        ("https://us.example.com/client.json", True, "https://us.example.com/client.json"),
        ("https://us.example.com/client.json", False, "registered"),
    ],
)
def test_a_client_of_the_integration_is_used_where_the_server_can_read_it(
    client_id: str, supported: bool, used: str
) -> None:
    place = "https://id.example.com/.well-known/oauth-authorization-server/tenant"
    web = Web({**PLACES, place: METADATA | {"client_id_metadata_document_supported": supported}})
    redirect = begun(web, integration=replace(NO_CLIENT, client_id=client_id))
    assert query(redirect.url)["client_id"] == used


@pytest.mark.parametrize(
    "url",
    [
        "http://mcp.example.com",
        "https://127.0.0.1/",
        "https://localhost",
        "https://a.internal/",
        "https://u@example.com",
    ],
)
def test_only_an_https_address_on_a_public_host_is_asked(url: str) -> None:
    web = Web()
    with pytest.raises(HostRefused):
        begun(web, config={"mcp_server_url": url})
    assert web.sent == []


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "registration_endpoint"])
@pytest.mark.parametrize("url", ["http://id.example.com/x", "https://169.254.169.254/latest", "https://db.internal/"])
def test_a_discovered_endpoint_is_held_to_the_same_rule(name: str, url: str) -> None:
    place = "https://id.example.com/.well-known/oauth-authorization-server/tenant"
    with pytest.raises(HostRefused):
        begun(Web({**PLACES, place: METADATA | {name: url}}))


def test_an_authorization_server_inside_a_private_network_is_not_asked() -> None:
    place = next(iter(PLACES))
    web = Web({place: RESOURCE | {"authorization_servers": ["https://10.0.0.1"]}})
    with pytest.raises(HostRefused):
        begun(web)
    assert [request.url for request in web.sent] == [place]


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example.net"},
        {"code_challenge_methods_supported": ["plain"]},
        {"token_endpoint": None},
    ],
    ids=["another issuer", "no S256", "no token endpoint"],
)
def test_metadata_that_cannot_be_trusted_or_used_are_refused(change: dict[str, Any]) -> None:
    place = "https://id.example.com/.well-known/oauth-authorization-server/tenant"
    with pytest.raises(TokenUnusable):
        begun(Web({**PLACES, place: METADATA | change}))


def test_no_metadata_at_all_are_told() -> None:
    with pytest.raises(TokenUnusable, match="no metadata"):
        begun(Web({}))


def test_a_callback_of_another_issuer_is_refused() -> None:
    web = Web()
    redirect = begun(web)
    with pytest.raises(ConsentRefused, match="another authorization server"):
        web.run(mcp_oauth2_generic.acquire(generic(back=back(redirect, iss="https://evil.example.net"))))


def test_a_resource_may_not_take_the_name_of_another_server() -> None:
    web = Web({**PLACES, next(iter(PLACES)): RESOURCE | {"resource": "https://bank.example.net/api"}})
    assert query(begun(web).url)["resource"] == SERVER


def test_without_an_address_or_without_what_was_found_nothing_is_sent() -> None:
    web = Web()
    with pytest.raises(IntegrationIncomplete, match="mcp_server_url"):
        begun(web, config={})
    with pytest.raises(IntegrationIncomplete, match="does not say"):
        web.run(mcp_oauth2_generic.refresh(generic(credentials=STORED)))
    assert web.sent == []
