"""The header that each kind of credential brings by itself, in a request as it is built."""

import base64

import pytest

from connectors.errors import (
    ConnectorError,
    ConsentNeeded,
    InputError,
    IntegrationIncomplete,
    UnresolvedPlaceholder,
    UnsupportedAuthMode,
)
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration
from connectors.runtime.request import Call, build

TOKEN = "t0ken-value"


def connection(mode, credentials, *, headers=None, config=None, integration=None, **definition):
    proxy = {"base_url": "https://api.example.com", "headers": headers or {}}
    provider = Provider("acme", {"auth_mode": mode, "proxy": proxy, **definition}, "test")
    return Connection(provider, config or {}, credentials, integration=integration or Integration())


def headers(mode, *, call=None, headers=None, config=None, **credentials):
    account = connection(mode, {"type": mode, **credentials}, headers=headers, config=config)
    return build(account, call or Call(endpoint="/x")).headers


def test_basic_joins_user_and_password_in_utf_8():
    value = headers("BASIC", username="mé", password="p:w")["authorization"]
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "mé:p:w"


@pytest.mark.parametrize("given", [{}, {"password": None}, {"password": ""}])
def test_a_missing_password_counts_as_empty(given):
    assert headers("BASIC", username="me", **given)["authorization"] == "Basic bWU6"


@pytest.mark.parametrize("mode", ["API_KEY", "BILL", "CUSTOM", "NONE"])
def test_keys_bring_no_header_by_themselves(mode):
    assert "authorization" not in headers(mode, apiKey="k", session_id="s")


def test_another_kind_is_refused_by_name():
    with pytest.raises(UnsupportedAuthMode, match="TABLEAU") as caught:
        headers("TABLEAU", access_token=TOKEN)
    assert TOKEN not in str(caught.value.to_dict())
    assert caught.value.reference_code == "unsupported_auth"


@pytest.mark.parametrize(
    ("mode", "name", "error"),
    [
        ("APP", "access_token", ConsentNeeded),
        ("JWT", "token", UnresolvedPlaceholder),
        ("MCP_OAUTH2", "access_token", ConsentNeeded),
        ("MCP_OAUTH2_GENERIC", "access_token", ConsentNeeded),
        ("OAUTH2", "access_token", ConsentNeeded),
        ("OAUTH2_CC", "token", UnresolvedPlaceholder),
        ("SIGNATURE", "token", UnresolvedPlaceholder),
        ("TWO_STEP", "token", UnresolvedPlaceholder),
    ],
)
def test_a_token_that_the_connection_has_is_sent_and_a_missing_one_is_an_error_with_a_next_step(mode, name, error):
    assert headers(mode, **{name: TOKEN})["authorization"] == f"Bearer {TOKEN}"
    with pytest.raises(error, match=name) as caught:
        headers(mode)
    assert "connectors connect" in caught.value.next_step


def test_a_caller_who_brings_the_authorization_needs_no_token():
    call = Call(endpoint="/x", headers={"Authorization": "mine"})
    assert headers("OAUTH2", call=call)["authorization"] == "mine"


def test_the_kind_of_credential_decides_and_not_the_auth_mode():
    account = connection("INSTALL_PLUGIN", {"type": "BASIC", "username": "u", "password": "p"})
    assert build(account, Call(endpoint="/x")).headers["authorization"] == "Basic dTpw"
    assert build(connection("CUSTOM", {"type": "APP", "access_token": TOKEN}), Call(endpoint="/x")).headers[
        "authorization"
    ] == (f"Bearer {TOKEN}")


class TestTwoStep:
    def test_a_definition_that_places_the_token_itself_gets_no_bearer(self):
        sent = headers("TWO_STEP", headers={"x-token": "T ${accessToken}"}, token=TOKEN)
        assert sent["x-token"] == f"T {TOKEN}"
        assert "authorization" not in sent

    def test_neither_does_one_that_lives_on_the_sessions_cookies(self):
        sent = headers("TWO_STEP", headers={"cookie": "${credentials._cookies}"}, _cookies="A=1; B=2")
        assert sent["cookie"] == "A=1; B=2"
        assert "authorization" not in sent

    def test_cookies_in_another_header_are_no_such_sign(self):
        sent = headers("TWO_STEP", headers={"x-c": "${credentials._cookies}"}, _cookies="A=1", token=TOKEN)
        assert sent["authorization"] == f"Bearer {TOKEN}"


class TestWhatIsMissing:
    def refusal(self, mode, credentials, **given):
        with pytest.raises(ConnectorError) as caught:
            build(connection(mode, credentials, **given), Call(endpoint="/x"))
        return caught.value

    def test_oauth1_without_the_integrations_client(self):
        error = self.refusal("OAUTH1", {"oauth_token": TOKEN, "oauth_token_secret": "s"})
        assert isinstance(error, IntegrationIncomplete)
        assert error.reference_code == "unsupported_auth"

    def test_oauth1_without_a_token_needs_consent(self):
        error = self.refusal("OAUTH1", {}, integration=Integration(client_id="c", client_secret="s"))
        assert isinstance(error, ConsentNeeded)

    def test_tba_without_an_account(self):
        own = {"client_id": "c", "client_secret": "s"}
        error = self.refusal("TBA", {"token_id": TOKEN, "token_secret": "s", "config_override": own})
        assert isinstance(error, UnresolvedPlaceholder)
        assert "accountId" in error.message

    def test_tba_without_a_consumer(self):
        error = self.refusal("TBA", {"token_id": TOKEN, "token_secret": "s"}, config={"accountId": "1"})
        assert isinstance(error, IntegrationIncomplete)

    @pytest.mark.parametrize("name", ["access_key_id", "secret_access_key", "region", "service"])
    def test_aws_without_one_of_its_keys(self, name):
        keys = {"access_key_id": "AKID", "secret_access_key": "s", "region": "eu-west-1", "service": "s3"}
        error = self.refusal("AWS_SIGV4", {**keys, name: ""})
        assert isinstance(error, UnresolvedPlaceholder)
        assert name in error.message


@pytest.mark.parametrize("mode", ["APP", "JWT", "OAUTH2", "TWO_STEP"])
@pytest.mark.parametrize("token", ["a\r\nx-evil: 1", "a\nb", "t\u0142"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(mode, token):
    with pytest.raises(InputError) as caught:
        headers(mode, access_token=token, token=token)
    assert token not in str(caught.value.to_dict())


@pytest.mark.parametrize("mode", ["AWS_SIGV4", "OAUTH1", "TBA"])
@pytest.mark.parametrize("value", ["\ud800", "\0", "ü\u0142", 'a b"=,', "%zz%ff", "${apiKey}", "a||b"])
def test_no_value_makes_signing_do_anything_but_sign_or_refuse(mode, value):
    names = ("access_key_id", "secret_access_key", "session_token", "region", "service")
    names += ("oauth_token", "oauth_token_secret", "token_id", "token_secret")
    own = {"client_id": value, "client_secret": value}
    account = connection(
        mode,
        {"type": mode, "config_override": own, **dict.fromkeys(names, value)},
        config={"accountId": value},
        integration=Integration(client_id=value, client_secret=value),
    )
    call = Call("POST", f"/x/{value}?q={value}", params={value: value}, data=value)
    try:
        assert "\n" not in build(account, call).headers["authorization"]
    except ConnectorError as error:
        assert isinstance(error, InputError)
