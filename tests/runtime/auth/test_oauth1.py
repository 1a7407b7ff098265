"""OAUTH1: both signed requests, the page in between, and what may come back from it."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from connectors.errors import (
    ConsentRefused,
    DefinitionError,
    IntegrationIncomplete,
    TokenRefused,
    TokenUnusable,
    UnresolvedPlaceholder,
)
from connectors.runtime.auth import browser_mode_of
from connectors.runtime.auth.flow import Callback, Consent, drive
from connectors.runtime.integration import Integration

from .mode_world import SECRET, Server, acquired, ask, refreshed

CLIENT = Integration("acme", "key id", SECRET, "read,write")
CONSENT = Consent("https://us.example/back", "st ate")
BACK = "https://us.example/back?state=st+ate"
REQUEST_TOKEN = "oauth_token=req&oauth_token_secret=req%2Fsecret&oauth_callback_confirmed=true"
ACCESS_TOKEN = "oauth_token=acc&oauth_token_secret=acc-secret&user_id=7"
REMEMBERED = {"oauth_token": "req", "oauth_token_secret": "req/secret"}
DEFINITION = {
    "request_url": "https://acme.example/request?lang=en",
    "authorization_url": "https://acme.example/authorize",
    "token_url": "https://acme.example/access",
    "signature_method": "HMAC-SHA1",
}


def begun(definition=None, *answers, consent=CONSENT, integration=CLIENT, config=None):
    """The redirect, and the requests that were sent for it."""
    question = ask("OAUTH1", {**DEFINITION, **(definition or {})}, integration=integration, config=config)
    server = Server(*(answers or (REQUEST_TOKEN,)))
    return drive(browser_mode_of(question.provider).begin(question, consent), server), server.requests


def question(definition=None, remembered=REMEMBERED, **params):
    back = Callback(params, CONSENT.callback_url, remembered)
    return ask("OAUTH1", {**DEFINITION, **(definition or {})}, integration=CLIENT, callback=back)


def header(request):
    """The header's parameters, in order."""
    pairs = (pair.split("=", 1) for pair in request.headers["Authorization"].removeprefix("OAuth ").split(","))
    return {name: unquote(value.strip('"')) for name, value in pairs}


def signed(request, secret=None, form=""):
    """What the library signs for the same request, out of its own base string."""
    parts = urlsplit(request.url)
    parameters = {name: value for name, value in header(request).items() if name != "oauth_signature"}
    pairs = [*parameters.items(), *((k, v[0]) for k, v in parse_qs(f"{parts.query}&{form}").items())]
    base = signature.signature_base_string(
        "POST", f"{parts.scheme}://{parts.netloc}{parts.path}", signature.normalize_parameters(pairs)
    )
    client = Client("key id", client_secret=SECRET, resource_owner_secret=secret)
    return signature.sign_hmac_sha1_with_client(base, client)


class TestBegin:
    def test_the_request_for_a_token_is_signed_with_callback_and_query(self):
        _, (request,) = begun()
        assert list(header(request)) == [
            "oauth_callback",
            "oauth_consumer_key",
            "oauth_nonce",
            "oauth_signature_method",
            "oauth_timestamp",
            "oauth_version",
            "oauth_signature",
        ]
        assert header(request)["oauth_callback"] == BACK
        assert header(request)["oauth_signature"] == signed(request)

    def test_further_parameters_go_into_the_body_and_are_signed(self):
        _, (request,) = begun({"request_params": {"x_auth_access_type": "write"}})
        assert request.body == b"x_auth_access_type=write"
        assert header(request)["oauth_signature"] == signed(request, form=request.body.decode())

    def test_the_page_is_named_with_token_scopes_and_the_definitions_parameters(self):
        redirect, _ = begun({"authorization_params": {"expiration": "never"}, "scope_separator": ","})
        address, _, query = redirect.url.partition("?")
        assert address == "https://acme.example/authorize"
        assert parse_qs(query) == {
            "oauth_token": ["req"],
            "scope": ["read,write"],
            "expiration": ["never"],
            "oauth_callback": [BACK],
        }

    def test_the_token_and_its_secret_are_remembered_and_not_shown(self):
        redirect, _ = begun()
        assert redirect.remember == REMEMBERED
        assert "req/secret" not in repr(redirect)

    def test_plaintext_shows_the_secrets_themselves(self):
        _, (request,) = begun({"signature_method": "PLAINTEXT"})
        assert header(request)["oauth_signature"] == f"{SECRET}&"

    @pytest.mark.parametrize(
        "integration", [Integration("acme"), Integration("acme", "id"), Integration("acme", "", "s")]
    )
    def test_without_a_client_nothing_is_sent(self, integration):
        with pytest.raises(IntegrationIncomplete, match="acme"):
            begun(integration=integration)

    def test_another_signature_method_is_refused(self):
        with pytest.raises(DefinitionError, match="signature_method"):
            begun({"signature_method": "RSA-SHA1"})

    def test_a_missing_value_in_an_address_is_an_error(self):
        with pytest.raises(UnresolvedPlaceholder):
            begun({"request_url": "https://${connectionConfig.sub}.acme.example/request"})

    @pytest.mark.parametrize("answer", ["", "oauth_token=x", "oauth_token_secret=x", "<html>", '{"oauth_token": "x"}'])
    def test_an_answer_without_a_token_is_an_error(self, answer):
        with pytest.raises(TokenUnusable):
            begun(None, answer)

    def test_a_refusal_is_an_error_with_its_status(self):
        with pytest.raises(TokenRefused) as caught:
            begun(None, 401)
        assert caught.value.status == 401


class TestAcquire:
    def test_the_verifier_is_exchanged_with_the_request_tokens_secret(self):
        asked, server = question(oauth_verifier="v1", oauth_token="req"), Server(ACCESS_TOKEN)
        grant = drive(browser_mode_of(asked.provider).acquire(asked), server)
        (request,) = server.requests
        assert header(request)["oauth_verifier"] == "v1"
        assert header(request)["oauth_signature"] == signed(request, "req/secret")
        assert grant.credentials == {
            "type": "OAUTH1",
            "oauth_token": "acc",
            "oauth_token_secret": "acc-secret",
            "raw": {"oauth_token": "acc", "oauth_token_secret": "acc-secret", "user_id": "7"},
        }

    def test_what_the_definition_names_of_answer_and_callback_is_kept(self):
        names = {"token_response_metadata": ["user_id"], "redirect_uri_metadata": ["shop"]}
        grant = acquired(question(names, oauth_verifier="v1", shop="s"), ACCESS_TOKEN)
        assert grant.connection_config == {"user_id": "7", "shop": "s"}

    @pytest.mark.parametrize(
        ("params", "remembered"),
        [
            ({}, REMEMBERED),
            ({"denied": "req"}, REMEMBERED),
            ({"oauth_verifier": "v", "oauth_token": "another"}, REMEMBERED),
            ({"oauth_verifier": "v", "oauth_token": "req"}, {}),
        ],
        ids=["empty", "denied", "another request", "nothing remembered"],
    )
    def test_without_consent_to_this_request_nothing_is_sent(self, params, remembered):
        with pytest.raises(ConsentRefused):
            acquired(question(None, remembered, **params))

    def test_without_a_callback_nobody_has_consented(self):
        with pytest.raises(ConsentRefused):
            acquired(ask("OAUTH1", DEFINITION, integration=CLIENT))

    def test_a_refusal_shows_neither_the_clients_nor_the_tokens_secret(self):
        asked = question(oauth_verifier="v1")
        answer = f"oauth_problem=bad&secret={SECRET}&token=req/secret"
        with pytest.raises(TokenUnusable) as caught:
            acquired(asked, answer)
        assert SECRET not in f"{caught.value!r} {caught.value.to_dict()}"

    def test_renewing_changes_nothing(self):
        stored = {"type": "OAUTH1", "oauth_token": "acc", "oauth_token_secret": "s", "raw": {}}
        assert refreshed(ask("OAUTH1", DEFINITION, credentials=stored)).credentials == stored
