"""The address that a person consents at."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import ConsentNeeded, DefinitionError, HostRefused, IntegrationIncomplete, UnresolvedPlaceholder
from connectors.runtime.auth import mcp_oauth2, oauth2
from connectors.runtime.auth.oauth2_client import with_overrides

from .oauth2_world import CALLBACK, CONSENT, INTEGRATION, SECRET, Server, ask, provider, query


def url_of(definition: dict[str, Any], config: dict[str, Any] | None = None, **params: str | None) -> str:
    consent = replace(CONSENT, params=params)
    return str(Server().run(oauth2.begin(ask(provider(**definition), config=config), consent)).url)


def test_it_asks_for_a_code_with_the_clients_id_the_scopes_and_the_state() -> None:
    found = query(url_of({"scope_separator": " "}))
    assert list(found.items())[:5] == [
        ("response_type", "code"),
        ("client_id", "an id"),
        ("redirect_uri", CALLBACK),
        ("scope", "read:a write"),
        ("state", "the state"),
    ]


def test_the_challenge_is_the_hash_of_the_verifier_that_is_remembered() -> None:
    redirect = Server().run(oauth2.begin(ask(provider()), CONSENT))
    verifier, found = redirect.remember["code_verifier"], query(redirect.url)
    assert 43 <= len(verifier) <= 128  # RFC 7636, section 4.1
    digest = hashlib.sha256(verifier.encode()).digest()
    assert found["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert found["code_challenge_method"] == "S256"
    assert verifier not in redirect.url


def test_a_definition_can_switch_pkce_off() -> None:
    redirect = Server().run(oauth2.begin(ask(provider(disable_pkce=True)), CONSENT))
    assert "code_challenge" not in query(redirect.url)
    assert redirect.remember == {}


def test_a_secret_is_neither_in_the_address_nor_in_a_repr() -> None:
    redirect = Server().run(oauth2.begin(ask(provider()), CONSENT))
    assert SECRET not in redirect.url
    assert redirect.remember["code_verifier"] not in repr(redirect)


@pytest.mark.parametrize(
    ("definition", "params", "expected"),
    [
        ({"authorization_params": {"access_type": "offline", "n": 5, "on": True}}, {}, {"n": "5", "on": "true"}),
        ({"authorization_params": {"prompt": "consent"}}, {"prompt": "none"}, {"prompt": "none"}),
        ({}, {"client_id": "another", "state": "theirs"}, {"client_id": "another", "state": "theirs"}),
        ({"authorization_params": {"audience": "${connectionConfig.no} || all"}}, {}, {"audience": "all"}),
    ],
    ids=["of the definition", "of the caller", "any may be replaced", "fallback"],
)
def test_parameters_can_be_added_and_replaced(
    definition: dict[str, Any], params: dict[str, str | None], expected: dict[str, str]
) -> None:
    assert query(url_of(definition, **params)).items() >= expected.items()


def test_none_takes_away_what_the_definition_added_and_nothing_else() -> None:
    found = query(url_of({"authorization_params": {"prompt": "consent"}}, prompt=None, scope=None))
    assert "prompt" not in found
    assert found["scope"] == "read:a write"


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"authorization_url": "https://id.example.com/a?own=1"}, "https://id.example.com/a?response_type=code&"),
        ({"authorization_url_fragment": "/oauth"}, "https://id.example.com/authorize#/oauth?response_type=code&"),
        ({"authorization_url_replacements": {"response_type": ""}}, "https://id.example.com/authorize?=code&"),
    ],
    ids=["own query is dropped", "fragment", "replacement"],
)
def test_a_definition_can_rewrite_the_address(definition: dict[str, Any], expected: str) -> None:
    assert url_of(definition).startswith(expected)


def test_only_the_first_occurrence_is_replaced() -> None:
    url = url_of({"authorization_url_replacements": {"state": "st"}}, extra="state")
    assert "&st=the+state" in url
    assert url.endswith("extra=state")


def test_empty_parameters_can_be_left_out() -> None:
    assert "hint" not in url_of({"authorization_url_skip_empty": True}, hint="")
    assert url_of({}, hint="").endswith("&hint=")


def test_bare_scopes_come_last_and_keep_their_separator() -> None:
    skip = {"authorization_url_skip_encode": ["scopes"], "scope_separator": "+"}
    assert url_of(skip).endswith("&scope=read:a+write")


@given(scopes=st.text())
def test_no_scope_can_add_another_parameter(scopes: str) -> None:
    of = provider(authorization_url_skip_encode=["scopes"], scope_separator="+", disable_pkce=True)
    question = ask(of, integration=replace(INTEGRATION, scopes=scopes))
    url = Server().run(oauth2.begin(question, CONSENT)).url
    names = [name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    assert names == ["response_type", "client_id", "redirect_uri", "state", "scope"]
    assert urlsplit(url).fragment == ""


@given(value=st.text(min_size=1))
def test_no_value_of_a_connection_leaves_its_parameter(value: str) -> None:
    of = provider(authorization_params={"aud": "x${connectionConfig.aud}"}, disable_pkce=True)
    url = Server().run(oauth2.begin(ask(of, config={"aud": value}), CONSENT)).url
    names = [name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    assert names == ["response_type", "client_id", "redirect_uri", "scope", "state", "aud"]


@pytest.mark.parametrize(
    "definition",
    [
        {"authorization_url": "https://${connectionConfig.sub}.example.com/a"},
        {"authorization_params": {"aud": "${connectionConfig.sub}"}},
        {"token_params": {"aud": "${connectionConfig.sub}"}},
    ],
    ids=["address", "parameter", "parameter of the exchange"],
)
def test_nobody_is_asked_while_a_value_is_missing(definition: dict[str, Any]) -> None:
    with pytest.raises(UnresolvedPlaceholder, match="sub"):
        url_of(definition)


def test_a_value_may_not_move_the_address_to_another_host() -> None:
    with pytest.raises(HostRefused):
        url_of({"authorization_url": "https://${connectionConfig.sub}.example.com/a"}, {"sub": "evil.net/"})


def test_a_client_id_is_needed_and_a_secret_is_not() -> None:
    of = provider()
    with pytest.raises(IntegrationIncomplete, match="no client id") as raised:
        Server().run(oauth2.begin(ask(of, integration=replace(INTEGRATION, client_id="")), CONSENT))
    assert raised.value.facts["reference_code"] == "missing_client_id"
    assert Server().run(oauth2.begin(ask(of, integration=replace(INTEGRATION, client_secret="")), CONSENT)).url


def test_a_definition_with_another_grant_is_refused() -> None:
    with pytest.raises(DefinitionError, match="client_credentials"):
        url_of({"token_params": {"grant_type": "client_credentials"}})


def test_an_app_that_is_installed_elsewhere_is_not_asked_for() -> None:
    with pytest.raises(ConsentNeeded, match="installing"):
        url_of({"installation": "outbound"})


def test_an_mcp_server_always_has_pkce_and_nobody_replaces_our_parameters() -> None:
    of = provider(disable_pkce=True, authorization_params={"state": "theirs", "resource": "https://mcp"})
    consent = replace(CONSENT, params={"client_id": "another", "hint": "me"})
    found = query(Server().run(mcp_oauth2.begin(ask(of), consent)).url)
    assert (found["state"], found["client_id"], found["resource"]) == ("the state", "an id", "https://mcp")
    assert "code_challenge" in found
    assert "hint" not in found


def test_a_connection_can_bring_its_own_client_and_scopes() -> None:
    own = {"oauth_client_id_override": "mine", "oauth_scopes_override": ["x", "y"]}
    integration = with_overrides(INTEGRATION, own)
    assert (integration.client_id, integration.client_secret, integration.scopes) == ("mine", SECRET, "x,y")
