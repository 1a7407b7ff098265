"""From the callback to stored credentials."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from connectors import (
    ConsentRefused,
    HostRefused,
    IntegrationIncomplete,
    TokenRefused,
    TokenUnusable,
    UnresolvedPlaceholder,
)
from connectors.runtime.auth import oauth2
from connectors.runtime.auth.flow import Callback, Grant, TokenAnswer, drive

from .oauth2_world import CALLBACK, INTEGRATION, SECRET, STORED, TOKENS, VERIFIER, Server, ask, body, callback, provider


def granted(definition: dict[str, Any], server: Server | None = None, **given: Any) -> Grant:
    question = ask(provider(**definition), **{"back": callback(), **given})
    grant = (server or Server()).run(oauth2.acquire(question))
    assert isinstance(grant, Grant)
    return grant


def test_the_code_goes_to_the_token_url_with_the_verifier_and_the_clients_proof() -> None:
    server = Server()
    granted({}, server)
    (request,) = server.sent
    assert (request.method, request.url) == ("POST", "https://id.example.com/token")
    assert list(body(request).items()) == [
        ("grant_type", "authorization_code"),
        ("code", "the code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "an id"),
        ("client_secret", SECRET),
    ]
    assert request.body is not None
    assert b"client_id=an%20id" in request.body


def test_the_answer_becomes_credentials_that_expire() -> None:
    assert granted({}).credentials == {
        "type": "OAUTH2",
        "access_token": "at-1",
        "refresh_token": "rt-1",
        "expires_at": "2024-03-09T09:05:07.123Z",
        "raw": {**TOKENS, "expires_at": "2024-03-09T09:05:07.123Z"},
    }


@pytest.mark.parametrize(
    ("answer", "expires_at"),
    [
        ({"access_token": "a"}, None),
        ({"access_token": "a", "expires_in": 0}, None),
        ({"access_token": "a", "expires_in": "60.9"}, "2024-03-09T08:06:07.123Z"),
        ({"access_token": "a", "expires_at": "2024-03-09T10:00:00Z"}, "2024-03-09T10:00:00.000Z"),
        ({"access_token": "a", "expires_in": 10**300}, None),
        ({"access_token": "a", "expires_in": "soon"}, None),
        ({"access_token": "a", "expires_in": True}, None),
    ],
)
def test_the_expiry_is_read_in_every_way_it_is_given(answer: dict[str, Any], expires_at: str | None) -> None:
    assert granted({}, Server(answer)).credentials.get("expires_at") == expires_at


@pytest.mark.parametrize(
    ("definition", "header", "in_body"),
    [
        ({}, None, True),
        ({"token_request_auth_method": "basic"}, f"an id:{SECRET}", True),
        ({"authorization_method": "header"}, "an+id:s3cr3t+of+the+client", False),
        (
            {"authorization_method": "header", "token_request_auth_method": "basic"},
            "an+id:s3cr3t+of+the+client",
            False,
        ),
    ],
    ids=["body", "basic as well", "header, form-encoded", "the header wins"],
)
def test_the_client_proves_itself_as_the_definition_says(
    definition: dict[str, Any], header: str | None, in_body: bool
) -> None:
    server = Server()
    granted(definition, server)
    expected = None if header is None else "Basic " + base64.b64encode(header.encode()).decode()
    assert server.sent[0].headers.get("Authorization") == expected
    assert ("client_secret" in body(server.sent[0])) is in_body


def test_json_bodies_keep_the_shape_of_the_parameters() -> None:
    server = Server()
    granted({"body_format": "json", "token_params": {"a": {"b": 1}}}, server)
    assert server.sent[0].headers["Content-Type"] == "application/json"
    assert body(server.sent[0])["a"] == {"b": 1}


def test_the_token_urls_own_query_is_not_sent() -> None:
    server = Server()
    granted({"token_url": "https://id.example.com/token?key=1"}, server)
    assert server.sent[0].url == "https://id.example.com/token"


def test_the_token_url_may_need_what_the_callback_brings() -> None:
    server = Server()
    definition = {
        "token_url": "https://${connectionConfig.dc}.example.com/token",
        "redirect_uri_metadata": ["dc"],
    }
    grant = granted(definition, server, back=callback(dc="eu1", other="x"))
    assert server.sent[0].url == "https://eu1.example.com/token"
    assert grant.connection_config == {"dc": "eu1"}


def test_a_callback_cannot_send_the_code_to_another_host() -> None:
    server = Server()
    definition = {"token_url": "https://${connectionConfig.dc}.example.com/token", "redirect_uri_metadata": ["dc"]}
    with pytest.raises(HostRefused):
        granted(definition, server, back=callback(dc="evil.net/?"))
    assert server.sent == []


@pytest.mark.parametrize(
    ("host", "allowed", "good"),
    [
        ("accounts.acme.com", (), True),
        ("accounts.acme.eu", (), True),
        ("accounts.acme.com.au", (), True),
        ("accounts.acme.evil.example.net", (), False),
        ("accounts.acme.evil.com", (), False),
        ("accounts.acme.xyz", (), False),
        ("evil.net", (), False),
        ("accounts.acmecloud.ca", (), False),
        ("accounts.acmecloud.ca", ("accounts.acmecloud.ca",), True),
        ("accounts.acme.com:8443", (), False),
    ],
)
@pytest.mark.parametrize("way", ["by the callback", "in the configuration", "at the next renewal"])
def test_a_whole_host_that_nobody_is_asked_for_is_one_of_the_definition_or_allowed(
    host: str, allowed: tuple[str, ...], good: bool, way: str
) -> None:
    server = Server()
    definition = {
        "authorization_url": "https://accounts.acme.com/auth",
        "token_url": "https://accounts.acme.${connectionConfig.ext}/token || ${connectionConfig.server}/token",
        "redirect_uri_metadata": ["server"],
        "connection_config": {"ext": {"enum": ["com", "eu", "com.au"]}, "server": {"automated": True}},
    }
    values = {"server": f"https://{host}"}
    question = ask(
        provider(**definition),
        config={} if way == "by the callback" else values,
        back=callback(**(values if way == "by the callback" else {})),
        credentials=STORED,
        integration=replace(INTEGRATION, hosts=frozenset(allowed)),
    )
    flow = oauth2.refresh(question) if way == "at the next renewal" else oauth2.acquire(question)
    if good:
        server.run(flow)
        assert server.sent[0].url == f"https://{host}/token"
        return
    with pytest.raises(HostRefused, match=host):
        server.run(flow)
    assert server.sent == []


def test_metadata_are_kept_but_do_not_replace_what_was_given() -> None:
    definition = {"token_response_metadata": ["a", "b", "owner.id", "n"], "redirect_uri_metadata": ["b", "c"]}
    answer = TOKENS | {"a": "token's", "b": "token's", "owner": {"id": "o1"}, "n": 5}
    config = {"a": "given", "empty": ""}
    grant = granted(definition, Server(answer), config=config, back=callback(b="callback's", c="c"))
    assert grant.connection_config == {"b": "callback's", "c": "c", "owner.id": "o1"}


def test_an_own_client_moves_from_the_configuration_into_the_credentials() -> None:
    config = {
        "oauth_client_id_override": "mine",
        "oauth_client_secret_override": "hidden",
        "oauth_refresh_token_override": "rt-mine",
        "oauth_scopes_override": "a, b",
    }
    grant = granted({}, config=config)
    assert grant.credentials["config_override"] == {"client_id": "mine", "client_secret": "hidden"}
    assert grant.credentials["refresh_token"] == grant.credentials["raw"]["refresh_token"] == "rt-mine"
    assert grant.connection_config == {
        "oauth_client_id_override": None,
        "oauth_client_secret_override": None,
        "oauth_refresh_token_override": None,
        "oauth_scopes_override": ["a", "b"],
        "overrideTokenRefresh": True,
    }


def test_the_token_may_stand_at_another_path() -> None:
    answer = {"ok": True, "user": {"access_token": "u", "refresh_token": "ur", "expires_in": 60}}
    grant = granted({"alternate_access_token_response_path": "user"}, Server(answer))
    assert (grant.credentials["access_token"], grant.credentials["refresh_token"]) == ("u", "ur")
    assert grant.credentials["expires_at"] == "2024-03-09T08:06:07.123Z"


def test_the_code_may_have_another_name() -> None:
    server = Server()
    granted({"authorization_code_param_in_callback": "spapi_code"}, server, back=callback(spapi_code="C"))
    assert body(server.sent[0])["code"] == "C"


def test_a_refusal_of_the_person_is_told_in_one_short_line() -> None:
    back = callback(error="access_denied", error_description="The user\n\n said no" + "!" * 500)
    with pytest.raises(ConsentRefused, match="access_denied - The user said no!") as raised:
        granted({}, back=back)
    assert len(str(raised.value)) < 400
    assert raised.value.facts["reference_code"] == "callback_err"


@pytest.mark.parametrize("back", [None, callback(code="")], ids=["no callback", "empty code"])
def test_without_a_code_nothing_is_sent(back: Callback | None) -> None:
    server = Server()
    with pytest.raises(ConsentRefused):
        granted({}, server, back=back)
    assert server.sent == []


@pytest.mark.parametrize("change", [{"client_id": ""}, {"client_secret": ""}, {"client_secret": "pässword"}])
def test_a_client_that_is_incomplete_or_cannot_be_sent_is_refused(change: dict[str, str]) -> None:
    server = Server()
    with pytest.raises(IntegrationIncomplete) as raised:
        granted({}, server, integration=replace(INTEGRATION, **change))
    assert server.sent == []
    assert "pässword" not in str(raised.value)


def test_a_refusal_shows_the_providers_words_without_our_secrets() -> None:
    words = f'{{"error": "invalid_client", "got": "{SECRET} and the code and {VERIFIER}"}}'.encode()
    with pytest.raises(TokenRefused, match="status 401") as raised:
        granted({}, Server(TokenAnswer(401, words)))
    excerpt = str(raised.value.excerpt)
    assert "invalid_client" in excerpt
    assert not any(secret in excerpt + str(raised.value) for secret in (SECRET, "the code", VERIFIER))


@pytest.mark.parametrize("answer", [{"foo": 1}, {"access_token": ""}, {"access_token": 5}, [], b"<html>", b""])
def test_an_answer_without_a_token_is_unusable(answer: Any) -> None:
    with pytest.raises(TokenUnusable):
        granted({}, Server(answer))


def test_an_error_with_status_200_is_told() -> None:
    answer = {"error": "bad_verification_code", "error_description": f"not {SECRET}"}
    with pytest.raises(TokenUnusable, match="it says: bad_verification_code - not ") as raised:
        granted({}, Server(answer))
    assert SECRET not in str(raised.value)


def test_a_missing_value_is_named_and_nothing_is_sent() -> None:
    server = Server()
    with pytest.raises(UnresolvedPlaceholder, match=r"not given: res"):
        granted({"token_params": {"resource": "${connectionConfig.res}"}}, server)
    assert server.sent == []


def test_an_app_installed_elsewhere_is_pending_until_its_webhook_brings_the_code() -> None:
    definition = {
        "installation": "outbound",
        "authorization_code_param_in_webhook": "data.code",
        "webhook_response_metadata": ["installation.uuid"],
        "token_url": "https://id.example.com/${connectionConfig.installation.uuid}/token",
    }
    assert granted(definition, back=None).credentials["pending"] is True
    server = Server()
    webhook = {"data": {"code": "from the webhook"}, "installation": {"uuid": "u-1"}}
    grant = granted(definition, server, back=Callback({}, CALLBACK, webhook=webhook))
    assert server.sent[0].url == "https://id.example.com/u-1/token"
    assert body(server.sent[0])["code"] == "from the webhook"
    assert "pending" not in grant.credentials
    assert grant.connection_config == {"installation.uuid": "u-1"}


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_an_answer_with_a_number_that_cannot_be_stored_is_refused(number: bytes) -> None:
    flow = oauth2.acquire(ask(provider(), back=callback()))
    with pytest.raises(TokenUnusable):
        drive(flow, lambda _: TokenAnswer(200, b'{"access_token": "t", "level": ' + number + b"}"))
