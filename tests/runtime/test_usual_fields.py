"""What each auth mode asks for by itself, whether or not its definition describes it."""

import pytest

from connectors.errors import ConfigError
from connectors.runtime.catalog import Provider
from connectors.runtime.fields import check_input, fields_of, secret_names

SECRET = "s3cret"


def provider(mode, **definition):
    return Provider("acme", {"auth_mode": mode, "display_name": "Acme", **definition}, "test")


def asked(account, configured=()):
    """The credentials that a form asks for: name, and whether it has to be given."""
    fields = [field for field in fields_of(account, configured) if field.group == "credentials" and not field.automated]
    return {field.name: field.required for field in fields}


@pytest.mark.parametrize(
    ("mode", "definition", "expected"),
    [
        ("BILL", {}, {"username": True, "password": True, "organization_id": True, "dev_key": True}),
        ("SIGNATURE", {}, {"username": True, "password": True}),
        ("AWS_SIGV4", {}, {"role_arn": True, "external_id": False}),
        (
            "TBA",
            {},
            {
                "token_id": True,
                "token_secret": True,
                "oauth_client_id_override": False,
                "oauth_client_secret_override": False,
            },
        ),
        ("OAUTH2_CC", {}, {"client_id": True, "client_secret": True}),
        (
            "OAUTH2_CC",
            {"token_request_auth_method": "private_key_jwt"},
            {"client_id": True, "client_secret": False, "client_private_key": True},
        ),
        (
            "OAUTH2_CC",
            {"require_client_certificate": True},
            {"client_id": True, "client_secret": True, "client_certificate": True, "client_private_key": True},
        ),
        *((mode, {}, {}) for mode in ("JWT", "OAUTH2", "OAUTH1", "APP", "CUSTOM", "INSTALL_PLUGIN", "MCP_OAUTH2")),
    ],
)
def test_a_mode_asks_for_what_it_needs(mode, definition, expected):
    assert asked(provider(mode, **definition)) == expected


@pytest.mark.parametrize(
    ("mode", "hidden"),
    [
        ("API_KEY", {"apiKey"}),
        ("BASIC", {"password"}),
        ("BILL", {"password", "dev_key"}),
        ("SIGNATURE", {"password"}),
        ("AWS_SIGV4", set()),
        ("TBA", {"token_id", "token_secret", "oauth_client_id_override", "oauth_client_secret_override"}),
        ("OAUTH2_CC", {"client_secret"}),
    ],
)
def test_what_is_secret_of_it_is_never_shown(mode, hidden):
    assert secret_names(provider(mode))[1] == hidden


@pytest.mark.parametrize("mode", ["API_KEY", "BASIC", "BILL", "SIGNATURE", "AWS_SIGV4", "TBA", "OAUTH2_CC"])
def test_every_field_has_words_of_its_own(mode):
    assert all(field.title and field.description for field in fields_of(provider(mode)))


def test_a_definitions_own_description_takes_the_place_of_ours():
    own = {"password": {"title": "Client Secret", "default_value": ""}}
    account = provider("SIGNATURE", credentials=own)
    assert asked(account) == {"username": True, "password": False}
    assert check_input(account, {}, {"username": "u"}).credentials == {"username": "u", "password": ""}


def test_everything_that_is_missing_is_said_at_once():
    with pytest.raises(ConfigError) as caught:
        check_input(provider("BILL"), {}, {"username": "u", "session_id": SECRET})
    assert sorted(problem.field for problem in caught.value.problems) == [
        "dev_key",
        "organization_id",
        "password",
        "session_id",
    ]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("mode", "name"), [("API_KEY", "apiKey"), ("BASIC", "password")])
def test_keys_and_passwords_have_at_most_1024_characters(mode, name):
    credentials = {"username": "u", name: "x" * 1025} if mode == "BASIC" else {name: "x" * 1025}
    with pytest.raises(ConfigError, match="1024"):
        check_input(provider(mode), {}, credentials)


OF_INTEGRATION = {
    "clientId": {"title": "Client ID", "optional": True},
    "clientSecret": {"title": "Client Secret", "secret": True, "visible_when": {"field": "x", "equals": "y"}},
}


class TestTwoStep:
    def account(self, **credentials):
        return provider("TWO_STEP", integration_config=OF_INTEGRATION, credentials={"user": {}, **credentials})

    def test_what_the_integration_does_not_hold_is_asked_of_each_connection(self):
        assert asked(self.account()) == {"clientId": True, "clientSecret": True, "user": True}

    def test_what_it_holds_is_not_asked(self):
        assert asked(self.account(), {"clientId"}) == {"clientSecret": True, "user": True}

    def test_other_modes_do_not_ask_their_connections(self):
        assert asked(provider("API_KEY", integration_config=OF_INTEGRATION)) == {"apiKey": True}
