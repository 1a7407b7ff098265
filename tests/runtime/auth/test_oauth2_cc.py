"""OAUTH2_CC: how the client proves itself, what the request holds in which order, and what is stored."""

import base64
import json
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.errors import (
    ConfigError,
    DefinitionError,
    KeyMaterialInvalid,
    TokenRefused,
    TokenUnusable,
    UnresolvedPlaceholder,
)
from connectors.runtime.auth import oauth2_cc
from connectors.runtime.auth.flow import TokenAnswer, drive
from connectors.runtime.integration import Integration

from .mode_world import SECRET, Server, ask, rsa_keys

URL = "https://acme.example/token"
CLIENT = {"client_id": "the client/id", "client_secret": SECRET}
TOKEN = {"access_token": "t-new", "expires_in": 3600}


def flow(definition=None, *, credentials=CLIENT, **more):
    return oauth2_cc.acquire(
        ask("OAUTH2_CC", {"token_url": URL, **(definition or {})}, credentials=credentials, **more)
    )


def sent(definition=None, **more):
    server = Server(TOKEN)
    drive(flow(definition, **more), server)
    return server.requests[0]


def stored(answer, definition=None, **more):
    return drive(flow(definition, **more), Server(answer))


def fields(request):
    return parse_qsl(request.body.decode(), keep_blank_values=True)


class TestClient:
    def test_without_a_method_it_stands_in_the_body(self):
        assert fields(sent()) == list(CLIENT.items())

    def test_basic_stands_in_the_header_unencoded_and_not_in_the_body(self):
        request = sent({"token_request_auth_method": "basic"})
        expected = base64.b64encode(f"the client/id:{SECRET}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {expected}"
        assert request.body == b""

    def test_custom_names_it_username_and_password(self):
        request = sent({"token_request_auth_method": "custom"})
        assert fields(request) == [("username", "the client/id"), ("password", SECRET)]

    def test_a_key_signs_an_assertion_for_the_token_url(self):
        key = jwt.PyJWK.from_dict(json.loads(jwk()), algorithm="RS256")
        request = sent(
            {"token_request_auth_method": "private_key_jwt"},
            credentials={"client_id": "me", "client_private_key": jwk()},
        )
        found = dict(fields(request))
        assert found["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert jwt.get_unverified_header(found["client_assertion"])["kid"] == "k-1"
        options = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(
            found["client_assertion"], key.key.public_key(), algorithms=["RS256"], audience=URL, options=options
        )
        assert (claims["iss"], claims["sub"], claims["jti"]) == ("me", "me", "a-uuid")
        assert claims["exp"] - claims["iat"] == 300

    @pytest.mark.parametrize("key", ["", "no json", "[]", '{"kty": "oct", "k": "AAAA"}', rsa_keys()[0]])
    def test_a_key_that_is_no_json_web_key_of_rsa_is_refused_and_not_shown(self, key):
        with pytest.raises(KeyMaterialInvalid) as caught:
            sent(
                {"token_request_auth_method": "private_key_jwt"},
                credentials={"client_id": "me", "client_private_key": key},
            )
        assert "AAAA" not in json.dumps(caught.value.to_dict())

    @pytest.mark.parametrize("method", ["basic", "custom"])
    def test_a_missing_secret_is_named(self, method):
        with pytest.raises(ConfigError, match="secret") as caught:
            sent({"token_request_auth_method": method}, credentials={"client_id": "me"})
        assert caught.value.reference_code == "missing_client_secret"

    def test_a_missing_id_is_named(self):
        with pytest.raises(ConfigError) as caught:
            sent(credentials={"client_secret": SECRET})
        assert caught.value.reference_code == "missing_client_id"


class TestParameters:
    def test_client_declared_parameters_and_scopes_come_in_this_order(self):
        request = sent(
            {"token_params": {"grant_type": "client_credentials", "account": "${connectionConfig.account}"}},
            config={"account": "7", "oauth_scopes": "read:a,write:b"},
        )
        assert fields(request) == [
            *CLIENT.items(),
            ("grant_type", "client_credentials"),
            ("account", "7"),
            ("scope", "read:a write:b"),
        ]

    def test_scopes_of_the_integration_count_where_the_connection_has_none(self):
        request = sent({"scope_separator": ","}, integration=Integration("i", scopes="a,b"))
        assert fields(request)[-1] == ("scope", "a,b")

    def test_parameters_of_the_connection_replace_those_with_their_name(self):
        request = sent(
            {"token_params": {"audience": "x", "grant_type": "g"}},
            config={"authorization_params": {"audience": "mine", "more": "1"}},
        )
        assert fields(request)[2:] == [("audience", "mine"), ("grant_type", "g"), ("more", "1")]

    def test_a_parameter_without_its_value_is_refused(self):
        with pytest.raises(UnresolvedPlaceholder, match="account"):
            sent({"token_params": {"account": "${connectionConfig.account}"}})

    def test_a_value_is_never_read_as_a_template(self):
        request = sent(
            {"token_params": {"a": "${connectionConfig.a}"}}, config={"a": "${connectionConfig.b} || x", "b": "!"}
        )
        assert fields(request)[-1] == ("a", "${connectionConfig.b} || x")

    def test_json_and_query_are_other_places_for_them(self):
        as_json = sent({"body_format": "json"})
        assert (as_json.headers["content-type"], json.loads(as_json.body)) == ("application/json", CLIENT)
        as_query = sent({"body_format": "query"})
        assert as_query.url == f"{URL}?client_id=the+client%2Fid&client_secret={SECRET}"
        assert (as_query.body, dict(as_query.headers)) == (None, {})

    def test_headers_of_the_definition_are_not_sent(self):
        assert set(sent({"token_headers": {"x-more": "1"}}).headers) == {"content-type"}

    def test_a_definition_without_a_token_url_is_refused(self):
        with pytest.raises(DefinitionError, match="token_url") as caught:
            sent({"token_url": None})
        assert caught.value.reference_code == "missing_token_url"


class TestAnswer:
    @pytest.mark.parametrize(
        "answer", [{"access_token": "t"}, {"data": {"token": "t"}}, {"jwt": "t"}, {"access_token": "t", "jwt": "u"}]
    )
    def test_the_token_has_three_places_and_lasts_55_minutes_if_nothing_is_said(self, answer):
        credentials = stored(answer).credentials
        assert credentials == {
            "type": "OAUTH2_CC",
            "token": "t",
            **CLIENT,
            "expires_at": "2024-03-09T09:00:07.123Z",
            "raw": answer,
        }

    @pytest.mark.parametrize(
        ("answer", "definition", "expires_at"),
        [
            ({"expires_in": 60}, {}, "2024-03-09T08:06:07.123Z"),
            ({"expires_in": 60000}, {"expires_in_unit": "milliseconds"}, "2024-03-09T08:06:07.123Z"),
            ({"expires_in": 0}, {}, "2024-03-09T09:00:07.123Z"),
            ({"expires_at": "2024-03-09T10:00:00Z", "expires_in": 60}, {}, "2024-03-09T10:00:00.000Z"),
        ],
    )
    def test_what_is_said_of_its_end_counts(self, answer, definition, expires_at):
        assert stored({"access_token": "t", **answer}, definition).credentials["expires_at"] == expires_at

    def test_renewing_is_the_same_request_from_what_was_stored(self):
        first = Server(TOKEN)
        grant = drive(flow(), first)
        again = Server(TOKEN)
        question = ask("OAUTH2_CC", {"token_url": URL}, credentials=grant.credentials)
        assert drive(oauth2_cc.refresh(question), again).credentials == grant.credentials
        assert again.requests == first.requests

    def test_metadata_of_the_answer_goes_to_the_configuration(self):
        grant = stored({"access_token": "t", "instance": {"url": "u", "n": 5}}, metadata("instance.url", "instance.n"))
        assert grant.connection_config == {"instance.url": "u"}

    def test_a_refusal_carries_status_and_excerpt_without_the_secret(self):
        def refuse(request):
            return TokenAnswer(401, b"bad client: " + request.body + b" and " + SECRET.encode())

        with pytest.raises(TokenRefused) as caught:
            drive(flow(), refuse)
        assert (caught.value.status, caught.value.reference_code) == (401, "client_credentials_fetch_error")
        assert "bad client" in caught.value.excerpt
        assert SECRET not in json.dumps(caught.value.to_dict()) + repr(caught.value)

    @pytest.mark.parametrize("answer", [{}, {"data": {}}, [], "no json", None, {"access_token": ""}])
    def test_an_answer_without_a_token_is_unusable(self, answer):
        with pytest.raises(TokenUnusable):
            stored(answer)


def test_no_repr_shows_a_secret():
    request = sent({"body_format": "query"})
    assert SECRET not in repr(request)
    assert SECRET not in repr(stored(TOKEN))


def metadata(*paths):
    return {"token_response_metadata": list(paths)}


def jwk():
    key = load_pem_private_key(rsa_keys()[0].encode(), None)
    return json.dumps(json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)) | {"kid": "k-1"})
