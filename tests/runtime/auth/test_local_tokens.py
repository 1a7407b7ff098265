"""SIGNATURE, BILL and TBA: what is made or asked for, and what is stored."""

import base64
import hashlib
import json

import pytest

from connectors.errors import (
    ConfigError,
    DefinitionError,
    IntegrationIncomplete,
    TokenRefused,
    TokenUnusable,
)
from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import TokenAnswer, drive
from connectors.runtime.integration import Integration

from .mode_world import SECRET, Server, acquired, ask, refreshed

WSSE = {"signature": {"protocol": "WSSE"}, "token": {"expires_in_ms": 300_000}}
LOGIN = {"username": "me", "password": SECRET, "organization_id": "o1", "dev_key": "d1"}
SESSION = {"sessionId": "s1", "organizationId": "o2", "userId": "u1"}
BILL = {"token_url": "https://bill.example/login"}
TOKEN = {"token_id": "t1", "token_secret": SECRET}


class TestSignature:
    def test_the_digest_covers_nonce_time_and_password(self):
        found = acquired(ask("SIGNATURE", WSSE, credentials={"username": "me", "password": SECRET})).credentials
        nonce, created = bytes(range(16)).hex(), "2024-03-09T08:05:07.123Z"
        digest = base64.b64encode(hashlib.sha1(f"{nonce}{created}{SECRET}".encode()).hexdigest().encode()).decode()
        assert found == {
            "type": "SIGNATURE",
            "username": "me",
            "password": SECRET,
            "token": f'UsernameToken Username="me", PasswordDigest="{digest}", Nonce="{nonce}", Created="{created}"',
            "expires_at": "2024-03-09T08:10:07.123Z",
        }

    def test_stored_credentials_make_the_next_token(self):
        first = acquired(ask("SIGNATURE", WSSE, credentials={"username": "me", "password": SECRET})).credentials
        assert refreshed(ask("SIGNATURE", WSSE, credentials=first)).credentials == first

    def test_all_that_is_missing_is_named_at_once(self):
        with pytest.raises(ConfigError) as caught:
            acquired(ask("SIGNATURE", WSSE))
        assert [problem.field for problem in caught.value.problems] == ["username", "password"]

    def test_another_protocol_is_refused(self):
        with pytest.raises(DefinitionError, match="WSSE"):
            acquired(ask("SIGNATURE", {**WSSE, "signature": {"protocol": "HMAC"}}, credentials=LOGIN))


class TestBill:
    def question(self, **credentials):
        return ask("BILL", BILL, credentials={**LOGIN, **credentials})

    def test_one_request_logs_in(self):
        server = Server(SESSION)
        drive(mode_of(self.question().provider).acquire(self.question()), server)
        (request,) = server.requests
        assert (request.method, request.url) == ("POST", "https://bill.example/login")
        assert json.loads(request.body) == {
            "username": "me",
            "password": SECRET,
            "organizationId": "o1",
            "devKey": "d1",
        }

    def test_the_session_is_stored_beside_what_renews_it(self):
        found = acquired(self.question(), SESSION).credentials
        assert found == {
            "type": "BILL",
            **LOGIN,
            "organization_id": "o2",
            "raw": SESSION,
            "session_id": "s1",
            "user_id": "u1",
            "expires_at": "2024-03-09T08:40:07.123Z",
        }
        again = ask("BILL", BILL, credentials=found)
        assert refreshed(again, {"sessionId": "s2"}).credentials["session_id"] == "s2"

    def test_without_one_in_the_answer_the_organization_is_the_submitted_one(self):
        assert acquired(self.question(), {"sessionId": "s"}).credentials["organization_id"] == "o1"

    @pytest.mark.parametrize("answer", [{}, {"sessionId": ""}, [], "no json", "null"])
    def test_an_answer_without_a_session_is_an_error(self, answer):
        with pytest.raises(TokenUnusable, match="sessionId"):
            acquired(self.question(), answer)

    def test_a_refusal_shows_no_secret(self):
        with pytest.raises(TokenRefused) as caught:
            drive(mode_of(self.question().provider).acquire(self.question()), lambda _: _echo(400))
        assert caught.value.status == 400
        assert SECRET not in json.dumps(caught.value.to_dict())


class TestTba:
    def test_the_integrations_consumer_is_kept_with_the_connection(self):
        grant = acquired(ask("TBA", credentials=TOKEN, integration=Integration("i", "key", "secret")))
        assert grant.credentials == {"type": "TBA", **TOKEN, "config_override": {}}
        assert grant.connection_config == {"oauth_client_id": "key", "oauth_client_secret": "secret"}

    def test_a_connection_may_bring_its_own_consumer(self):
        own = {"oauth_client_id_override": "k2", "oauth_client_secret_override": "s2"}
        grant = acquired(ask("TBA", credentials={**TOKEN, **own}))
        assert grant.credentials["config_override"] == {"client_id": "k2", "client_secret": "s2"}

    @pytest.mark.parametrize("integration", [Integration("i"), Integration("i", "key"), Integration("i", "", "secret")])
    def test_half_a_consumer_is_none(self, integration):
        with pytest.raises(IntegrationIncomplete):
            acquired(ask("TBA", credentials=TOKEN, integration=integration))

    def test_renewing_changes_nothing(self):
        stored = {"type": "TBA", **TOKEN, "config_override": {}}
        assert refreshed(ask("TBA", credentials=stored)).credentials == stored


def _echo(status):
    return TokenAnswer(status, json.dumps({"message": f"wrong password {SECRET}"}).encode())
