"""Fresh access tokens."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import IntegrationIncomplete, TokenRefused, TokenUnusable, UnresolvedPlaceholder
from connectors.runtime.auth import mcp_oauth2, oauth2
from connectors.runtime.auth.flow import TokenAnswer

from .oauth2_world import INTEGRATION, SECRET, STORED, Server, ask, body, provider


def refreshed(definition: dict[str, Any], server: Server, stored: dict[str, Any] | None = None) -> dict[str, Any]:
    question = ask(provider(**definition), credentials=stored or STORED)
    return dict(server.run(oauth2.refresh(question)).credentials)


def test_the_refresh_token_goes_to_the_token_url_and_not_to_the_refresh_url() -> None:
    server = Server()
    refreshed({"refresh_url": "https://id.example.com/refresh"}, server)
    assert server.sent[0].url == "https://id.example.com/token"
    assert list(body(server.sent[0]).items()) == [
        ("grant_type", "refresh_token"),
        ("refresh_token", "rt-0"),
        ("client_id", "an id"),
        ("client_secret", SECRET),
    ]


def test_a_new_refresh_token_replaces_the_old_one_which_stays_otherwise() -> None:
    assert refreshed({}, Server({"access_token": "a", "refresh_token": "rt-1"}))["refresh_token"] == "rt-1"
    kept = refreshed({}, Server({"access_token": "a"}))
    assert kept == {"type": "OAUTH2", "access_token": "a", "refresh_token": "rt-0", "raw": {"access_token": "a"}}


def test_what_was_refreshed_can_be_refreshed_again_with_the_same_client() -> None:
    own = {"config_override": {"client_id": "mine", "client_secret": "hidden"}}
    server = Server({"access_token": "a"})
    once = refreshed({}, server, STORED | own)
    refreshed({}, server, once)
    assert [body(request)["client_id"] for request in server.sent] == ["mine", "mine"]
    assert [body(request)["refresh_token"] for request in server.sent] == ["rt-0", "rt-0"]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"token_params": {"grant_type": "authorization_code"}}, {"grant_type": "authorization_code"}),
        (
            {"token_params": {"grant_type": "authorization_code"}, "refresh_params": {"scope": "s"}},
            {"grant_type": "refresh_token", "scope": "s"},
        ),
        ({"token_params": {"a": "1"}, "refresh_params": {}}, {"grant_type": "refresh_token"}),
    ],
    ids=["those of the exchange", "its own", "its own, empty"],
)
def test_parameters_are_those_of_refreshing_or_else_of_the_exchange(
    definition: dict[str, Any], expected: dict[str, str]
) -> None:
    server = Server()
    refreshed(definition, server)
    assert body(server.sent[0]).items() >= expected.items()
    assert body(server.sent[0])["refresh_token"] == "rt-0"


@pytest.mark.parametrize("key", ["refresh_params", "token_params"])
def test_parameters_are_sent_with_the_connection_s_values(key: str) -> None:
    server = Server()
    of = provider(**{key: {"scope": "https://${connectionConfig.org}.example.com/.default"}})
    server.run(oauth2.refresh(ask(of, config={"org": "acme"}, credentials=STORED)))
    assert body(server.sent[0])["scope"] == "https://acme.example.com/.default"


@pytest.mark.parametrize("key", ["refresh_params", "token_params"])
def test_a_placeholder_that_nothing_fills_is_refused(key: str) -> None:
    server = Server()
    with pytest.raises(UnresolvedPlaceholder, match=f"{key}.resource"):
        refreshed({key: {"resource": "${connectionConfig.res}"}}, server)
    assert server.sent == []


def test_without_a_refresh_token_nothing_is_sent() -> None:
    server = Server()
    with pytest.raises(TokenRefused, match="no refresh token"):
        refreshed({}, server, {"type": "OAUTH2", "access_token": "a", "raw": {}})
    assert server.sent == []


def test_a_refusal_says_so_and_shows_no_token() -> None:
    with pytest.raises(TokenRefused) as raised:
        refreshed({}, Server(TokenAnswer(400, b'{"error": "invalid_grant", "token": "rt-0"}')))
    assert raised.value.status == 400
    assert raised.value.reference_code == "refresh_token_external_error"
    assert "invalid_grant" in str(raised.value.excerpt)
    assert "rt-0" not in str(raised.value.excerpt)


def test_an_answer_without_a_token_is_unusable() -> None:
    with pytest.raises(TokenUnusable) as raised:
        refreshed({}, Server({"foo": 1}))
    assert raised.value.reference_code == "refresh_token_parsing_error"


def test_the_client_of_an_mcp_server_may_be_public_and_that_of_others_may_not() -> None:
    public = ask(provider(), credentials=STORED, integration=type(INTEGRATION)("acme", client_id="an id"))
    server = Server()
    server.run(mcp_oauth2.refresh(public))
    assert "client_secret" not in body(server.sent[0])
    with pytest.raises(IntegrationIncomplete, match="no client secret"):
        server.run(oauth2.refresh(public))
