"""Providers that ask for tokens in ways of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors import IntegrationIncomplete, KeyMaterialInvalid, TokenRefused, TokenUnusable
from connectors.runtime.auth import oauth2
from connectors.runtime.auth.flow import Ask, Callback, Grant, TokenAnswer
from connectors.runtime.auth.oauth2_quirks.table import QUIRKS

from .oauth2_world import CALLBACK, INTEGRATION, MOMENT, SECRET, STORED, TOKENS, VERIFIER, Server, body, provider, query
from .oauth2_world import ask as asked
from .oauth2_world import callback as returned

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
REFRESH_URL = "https://id.example.com/refresh"
BASIC = "Basic " + base64.b64encode(f"an id:{SECRET}".encode()).decode()
CODE = {"grant_type": "authorization_code", "code": "the code", "redirect_uri": CALLBACK}
RENEWAL = {"grant_type": "refresh_token", "refresh_token": "rt-0"}
CLIENT = {"client_id": "an id", "client_secret": SECRET}


def exchanged(name: str, server: Server, config: dict[str, Any] | None = None) -> Grant:
    back = returned(sellerId="s-1")
    grant = server.run(oauth2.acquire(asked(_named(name), back=back, config=config)))
    assert isinstance(grant, Grant)
    return grant


def renewed(
    name: str, server: Server, config: dict[str, Any] | None = None, stored: dict[str, Any] | None = None
) -> Grant:
    question = asked(_named(name), config=config, credentials=STORED | (stored or {}))
    grant = server.run(oauth2.refresh(question))
    assert isinstance(grant, Grant)
    return grant


def _named(name: str) -> Any:
    return provider(name, refresh_url=REFRESH_URL, redirect_uri_metadata=["sellerId"])


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("absorb-lms", {**CLIENT, **CODE, "nonce": "a-uuid"}),
        ("clover", {**CLIENT, "code": "the code"}),
        ("coros", {**CLIENT, **CODE}),
        ("facebook", {**CLIENT, "code": "the code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}),
        ("fanvue", {**CODE, "code_verifier": VERIFIER}),
        ("figma", {**CLIENT, "code": "the code", "grant_type": "authorization_code"}),
        ("followupboss", {**CODE, "state": "the state"}),
        ("heygen", {**CODE, "client_id": "an id", "code_verifier": VERIFIER}),
        ("jobber", {**CLIENT, **CODE}),
        ("mercury", {**CODE, "code_verifier": VERIFIER}),
        ("microsoft-teams-bot", {**CLIENT, **CODE}),
        ("one-drive", {**CLIENT, **CODE}),
        ("posthog-oauth", {**CODE, "client_id": "an id", "code_verifier": VERIFIER}),
        ("stripe-app", CODE),
        ("tiktok-personal", {"client_key": "an id", "client_secret": SECRET, **CODE}),
        ("walmart", CODE),
        ("workday-oauth", {**CODE, "code_verifier": VERIFIER}),
    ],
)
def test_the_code_is_sent_with_the_fields_that_this_provider_reads(name: str, fields: dict[str, str]) -> None:
    server = Server(TOKENS | {"access_token_expiration": 1709990000})
    grant = exchanged(name, server)
    assert body(server.sent[0]) == fields
    assert grant.credentials["access_token"] == "at-1"


@pytest.mark.parametrize(
    ("name", "url", "fields"),
    [
        ("agiloft", "token", {**RENEWAL, "md5_secret": SECRET[:20]}),
        ("clover", "refresh", {"client_id": "an id", "refresh_token": "rt-0"}),
        ("fanvue", "token", RENEWAL),
        ("figjam", "refresh", {**CLIENT, "refresh_token": "rt-0"}),
        ("heygen", "refresh", {**RENEWAL, "client_id": "an id"}),
        ("jobber", "token", {**CLIENT, **RENEWAL}),
        ("mercury", "token", RENEWAL),
        ("sharepoint-online", "token", {**CLIENT, **RENEWAL}),
        ("stripe-app-sandbox", "token", RENEWAL),
        ("tiktok-personal", "token", {"client_key": "an id", "client_secret": SECRET, **RENEWAL}),
        ("walmart", "token", RENEWAL),
    ],
)
def test_a_token_is_renewed_where_and_how_this_provider_wants_it(name: str, url: str, fields: dict[str, str]) -> None:
    server = Server(TOKENS | {"access_token_expiration": 1709990000})
    renewed(name, server, {"sellerId": "s-1"})
    assert server.sent[0].url == f"https://id.example.com/{url}"
    assert body(server.sent[0]) == fields


@pytest.mark.parametrize("name", ["fanvue", "figma", "followupboss", "walmart", "workday-oauth"])
def test_some_read_the_client_from_a_basic_header(name: str) -> None:
    server = Server()
    exchanged(name, server)
    assert server.sent[0].headers["Authorization"] == BASIC


def test_stripe_reads_the_secret_as_a_user_name() -> None:
    server = Server()
    exchanged("stripe-app", server)
    assert server.sent[0].headers["Authorization"] == "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()


@pytest.mark.parametrize("name", ["heygen", "mercury", "posthog-oauth", "attio-mcp"])
def test_public_clients_need_no_secret(name: str) -> None:
    public = type(INTEGRATION)("acme", client_id="an id")
    server = Server()
    server.run(oauth2.acquire(asked(_named(name), back=returned(), integration=public)))
    assert "client_secret" not in body(server.sent[0])


@pytest.mark.parametrize("name", ["jobber", "stripe-app", "workday-oauth"])
def test_tokens_that_do_not_say_it_live_for_an_hour(name: str) -> None:
    grant = exchanged(name, Server({"access_token": "a", "refresh_token": "r"}))
    assert grant.credentials["expires_at"] == "2024-03-09T09:05:07.123Z"


def test_walmart_is_told_the_seller_and_can_trace_the_request() -> None:
    server = Server()
    exchanged("walmart", server)
    headers = server.sent[0].headers
    assert (headers["WM_PARTNER.ID"], headers["WM_QOS.CORRELATION_ID"]) == ("s-1", "a-uuid")


def test_absorb_is_told_key_and_version_of_its_api() -> None:
    server = Server()
    exchanged("absorb-lms", server, {"restApiKey": "key", "apiVersion": "v1"})
    headers = server.sent[0].headers
    assert (headers["x-api-key"], headers["x-api-version"]) == ("key", "v1")


@pytest.mark.parametrize(("name", "prefix"), [("instagram", "ig"), ("threads", "th")])
def test_a_short_lived_token_is_exchanged_for_a_long_lived_one(name: str, prefix: str) -> None:
    server = Server({"access_token": "short"}, {"access_token": "long", "expires_in": 5184000})
    grant = exchanged(name, server)
    assert query(server.sent[1].url) == {
        "grant_type": f"{prefix}_exchange_token",
        "access_token": "short",
        "client_secret": SECRET,
    }
    assert grant.credentials["access_token"] == "long"
    renewed(name, server, stored={"access_token": "long"})
    assert query(server.sent[2].url) == {"grant_type": f"{prefix}_refresh_token", "access_token": "long"}


def test_facebooks_token_is_exchanged_for_a_longer_one() -> None:
    server = Server()
    renewed("facebook", server)
    assert query(server.sent[0].url) == {"grant_type": "fb_exchange_token", **CLIENT, "fb_exchange_token": "at-0"}


def test_bullhorns_calls_use_the_token_of_a_session() -> None:
    session = {"BhRestToken": "bh", "restUrl": "https://rest2.example.com/"}
    server = Server({"access_token": "first", "refresh_token": "r"}, session)
    grant = exchanged("bullhorn", server)
    assert query(server.sent[1].url)["access_token"] == "first"
    assert (grant.credentials["access_token"], grant.credentials["refresh_token"]) == ("bh", "r")
    assert grant.credentials["expires_at"] == "2024-03-16T08:05:07.123Z"


def test_bullhorns_address_follows_its_session() -> None:
    session = {"BhRestToken": "bh", "restUrl": "https://rest2.example.com/"}
    grant = renewed("bullhorn", Server({"access_token": "first"}, session))
    assert grant.connection_config == {"restUrl": "https://rest2.example.com/"}
    assert grant.credentials["refresh_token"] == "rt-0"


def test_coros_makes_the_same_token_live_longer() -> None:
    grant = renewed("coros", Server({"result": "0000"}))
    assert (grant.credentials["access_token"], grant.credentials["expires_at"][:10]) == ("at-0", "2024-04-08")
    with pytest.raises(TokenUnusable):
        renewed("coros", Server({"result": "1031"}))


def test_tiktoks_wrapped_answers_are_unwrapped() -> None:
    server = Server({"request_id": "q", "data": {"access_token": "a", "advertiser_ids": ["1"], "x": 1}})
    grant = exchanged("tiktok-ads", server)
    assert body(server.sent[0]) == {"secret": SECRET, "app_id": "an id", "auth_code": "the code"}
    assert grant.credentials["raw"] == {"access_token": "a", "advertiser_ids": ["1"], "request_id": "q"}
    with pytest.raises(TokenRefused, match="cannot be renewed"):
        renewed("tiktok-ads", server)


def test_sentrys_names_are_translated() -> None:
    server = Server({"token": "t", "refreshToken": "r", "expiresAt": "2024-03-09T16:05:07Z", "id": "1"}, status=201)
    credentials = exchanged("sentry-oauth", server).credentials
    assert (credentials["access_token"], credentials["refresh_token"]) == ("t", "r")
    assert credentials["expires_at"] == "2024-03-09T16:05:07.000Z"


def test_shopline_signs_its_requests_and_needs_no_refresh_token() -> None:
    server = Server({"code": 200, "data": {"accessToken": "s", "expireTime": "2024-03-09T18:00:00Z"}})
    exchanged("shopline-oauth", server)
    timestamp = str(int(MOMENT.now.timestamp() * 1000))
    for request, content in ((server.sent[0], b'{"code":"the code"}'), (_renewal_of_shopline(server), b"")):
        sign = hmac.new(SECRET.encode(), content + timestamp.encode(), hashlib.sha256).hexdigest()
        assert (request.headers["appkey"], request.headers["sign"]) == ("an id", sign)
        assert (request.body or b"") == content
    with pytest.raises(TokenRefused):
        exchanged("shopline-oauth", Server({"code": 401, "data": None}))


def _renewal_of_shopline(server: Server) -> Any:
    renewed("shopline-oauth", server, stored={"refresh_token": ""})
    return server.sent[-1]


def test_slack_refuses_with_status_200() -> None:
    with pytest.raises(TokenRefused):
        exchanged("slack", Server({"ok": False, "error": "invalid_code"}))


def test_slacks_second_token_is_renewed_too_and_the_earlier_expiry_counts() -> None:
    raw = {"authed_user": {"id": "U1", "access_token": "u-0", "refresh_token": "ur-0"}}
    server = Server(
        {"ok": True, "access_token": "b", "refresh_token": "br", "expires_in": 43200},
        {"ok": True, "access_token": "u", "refresh_token": "ur", "expires_in": 3600},
    )
    credentials = renewed("slack", server, stored={"raw": raw}).credentials
    assert [body(request)["refresh_token"] for request in server.sent] == ["rt-0", "ur-0"]
    assert credentials["access_token"] == "b"
    assert credentials["raw"]["authed_user"] == {
        "id": "U1",
        "access_token": "u",
        "refresh_token": "ur",
        "expires_in": 3600,
    }
    assert credentials["expires_at"] == "2024-03-09T09:05:07.123Z"


def test_sharepoints_own_token_is_renewed_with_the_first_one() -> None:
    scope = "https://acme.sharepoint.com/.default"
    server = Server(TOKENS, {"access_token": "sp", "expires_in": 60})
    grant = renewed("one-drive", server, {"sharepointAccessToken": {"access_token": "old", "scope": scope}})
    assert body(server.sent[1]) == {**CLIENT, **RENEWAL, "refresh_token": "rt-1", "scope": scope}
    assert grant.connection_config["sharepointAccessToken"] == {
        "access_token": "sp",
        "expires_at": "2024-03-09T08:06:07.123Z",
        "scope": scope,
    }


def test_microsofts_administrator_consents_for_the_client_itself() -> None:
    server = Server()
    renewed("microsoft-admin", server, stored={"refresh_token": ""})
    fields = body(server.sent[0])
    assert (fields["grant_type"], fields["scope"]) == ("client_credentials", "read%3Aa%20write")


@pytest.mark.parametrize("answer", ["xml", "json"])
def test_braintree_is_asked_in_json_and_may_answer_in_xml(answer: str) -> None:
    xml = b"<credentials><access-token>a</access-token><refresh-token>r</refresh-token></credentials>"
    server = Server(xml if answer == "xml" else {"credentials": {"accessToken": "a", "refreshToken": "r"}})
    credentials = exchanged("braintree", server).credentials
    assert body(server.sent[0]) == {"credentials": {"code": "the code", "grant_type": "authorization_code"}}
    assert (credentials["access_token"], credentials["refresh_token"]) == ("a", "r")


@pytest.mark.parametrize("answer", [b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"<a", b"nothing"])
def test_braintrees_answer_declares_nothing_and_is_xml(answer: bytes) -> None:
    with pytest.raises(TokenUnusable):
        exchanged("braintree", Server(TokenAnswer(201, answer)))


def test_revolut_reads_a_proof_that_names_the_callbacks_host_also_when_it_renews() -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    keyed = replace(INTEGRATION, client_secret=pem, custom={"callback_url": "https://us.example.com/callback"})
    server = Server({"access_token": "a"})
    for flow, given in ((oauth2.acquire, {"back": returned()}), (oauth2.refresh, {"credentials": STORED})):
        server.run(flow(asked(_named("revolut-business"), integration=keyed, **given)))
        proof = body(server.sent[-1])["client_assertion"]
        options = {"verify_exp": False}
        claims = jwt.decode(proof, KEY.public_key(), ["RS256"], audience="https://revolut.com", options=options)
        assert (claims["iss"], claims["sub"]) == ("us.example.com", "an id")
        assert claims["exp"] == int(MOMENT.now.timestamp()) + 300


def test_revolut_needs_a_private_key_for_a_secret_and_a_callback() -> None:
    with pytest.raises(KeyMaterialInvalid):
        exchanged("revolut-business", Server())
    with pytest.raises(IntegrationIncomplete, match="callback_url"):
        renewed("revolut-business", Server())


@pytest.mark.parametrize("name", sorted(QUIRKS))
def test_every_one_of_them_refuses_a_callback_without_a_code_before_it_sends_anything(name: str) -> None:
    server = Server()
    question = Ask(_named(name), INTEGRATION, {}, {}, MOMENT, callback=Callback({"error": "denied"}, CALLBACK))
    with pytest.raises(Exception, match="no code"):
        server.run(oauth2.acquire(question))
    assert server.sent == []
