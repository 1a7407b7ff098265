"""What a definition's header and query templates can name: it depends on the kind of credential."""

import pytest

from connectors.errors import UnresolvedPlaceholder
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration
from connectors.runtime.request import Call, build

CREDENTIALS = {
    "access_token": "at",
    "token": "tok",
    "apiKey": "ak",
    "username": "u",
    "password": "p",
    "oauth_token": "ot",
    "oauth_token_secret": "os",
    "token_id": "ti",
    "token_secret": "ts",
    "config_override": {"client_id": "c", "client_secret": "s"},
    "access_key_id": "AKID",
    "secret_access_key": "sak",
    "region": "r",
    "service": "s",
}
CONFIG = {"place": "P", "accountId": "1"}
CLIENT = Integration(client_id="cid", client_secret="cs")
EVERYTHING = {"credentials.apiKey": "ak", "apiKey": "ak", "method": "GET", "endpoint": "/x?y=1", "path": "/x"}
NAMED = {
    "API_KEY": EVERYTHING,
    "APP": EVERYTHING,
    "AWS_SIGV4": EVERYTHING,
    "BASIC": EVERYTHING,
    "BILL": EVERYTHING,
    "CUSTOM": EVERYTHING,
    "INSTALL_PLUGIN": EVERYTHING,
    "JWT": {"accessToken": "tok"},
    "MCP_OAUTH2": {"accessToken": "at", "clientId": "cid", "clientSecret": "cs"},
    "MCP_OAUTH2_GENERIC": {"accessToken": "at", "clientId": "cid", "clientSecret": "cs"},
    "NONE": EVERYTHING,
    "OAUTH1": EVERYTHING,
    "OAUTH2": {"accessToken": "at", "clientId": "cid", "clientSecret": "cs"},
    "OAUTH2_CC": {"accessToken": "tok"},
    "SIGNATURE": {"accessToken": "tok"},
    "TBA": EVERYTHING,
    "TWO_STEP": {"accessToken": "tok", "credentials.apiKey": "ak", "endpoint": "/x?y=1", "path": "/x"},
}
ASKED = {"accessToken", "clientId", "clientSecret", "credentials.apiKey", "apiKey", "method", "path"}
CASES = [(mode, name) for mode in NAMED for name in sorted(ASKED)]


def sent(kind, *, headers=None, query=None, integration=CLIENT):
    proxy = {"base_url": "https://api.example.com", "headers": headers or {}, "query": query or {}}
    provider = Provider("acme", {"auth_mode": kind, "proxy": proxy}, "test")
    account = Connection(provider, CONFIG, {"type": kind, **CREDENTIALS}, integration=integration)
    return build(account, Call(endpoint="/x?y=1"))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_header_can_name_what_its_kind_of_credential_allows_and_nothing_else(kind, name):
    headers = {"x-h": "${" + name + "}"}
    if name in NAMED[kind]:
        assert sent(kind, headers=headers).headers["x-h"] == NAMED[kind][name]
    else:
        with pytest.raises(UnresolvedPlaceholder):
            sent(kind, headers=headers)


@pytest.mark.parametrize("kind", NAMED)
def test_beside_the_connections_config_every_credential_can_be_named_but_not_the_access_token(kind):
    request = sent(kind, headers={"x-h": "${connectionConfig.place} ${apiKey} ${credentials.token} ${method}"})
    assert request.headers["x-h"] == "P ak tok GET"
    assert "x-a" not in sent(kind, headers={"x-a": "${connectionConfig.place} ${accessToken}"}).headers


@pytest.mark.parametrize("kind", NAMED)
def test_a_query_can_name_the_token_every_credential_and_the_config(kind):
    token = NAMED[kind].get("accessToken", "tok")
    query = {"t": "${accessToken}", "k": "${apiKey}", "c": "${credentials.apiKey}", "p": "${connectionConfig.place}"}
    request = sent(kind, query=query)
    assert request.url.endswith(f"?y=1&t={token}&k=ak&c=ak&p=P")
    assert request.credential_params == {"t", "k", "c", "p"}


def test_an_integration_without_a_client_counts_as_one_with_an_empty_one():
    assert sent("OAUTH2", headers={"x-h": "<${clientId}>"}, integration=Integration()).headers["x-h"] == "<>"


def with_headers(headers):
    proxy = {"base_url": "https://api.example.com", "headers": headers}
    account = Connection(Provider("acme", {"auth_mode": "NONE", "proxy": proxy}, "test"), {}, {})
    return build(account, Call(endpoint="/x", headers={"X-H": "mine", "User-Agent": "mine"}))


def test_a_header_that_the_caller_replaces_needs_no_value():
    assert with_headers({"x-h": "${nothing}"}).headers["x-h"] == "mine"


def test_a_user_agent_is_not_the_callers_to_replace():
    assert with_headers({"user-agent": "theirs"}).headers["user-agent"] == "theirs"
    with pytest.raises(UnresolvedPlaceholder, match="user-agent"):
        with_headers({"user-agent": "${nothing}"})
