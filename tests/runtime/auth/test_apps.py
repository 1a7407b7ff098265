"""APP, CUSTOM and INSTALL_PLUGIN: what is installed, who proves what, and what is stored."""

import base64
import json
from urllib.parse import parse_qs

import jwt
import pytest

from connectors.errors import (
    ConsentRefused,
    IntegrationIncomplete,
    InvalidUrl,
    KeyMaterialInvalid,
    TokenRefused,
    TokenUnusable,
)
from connectors.runtime.auth import browser_mode_of
from connectors.runtime.auth.flow import Callback, Consent, drive
from connectors.runtime.integration import Integration

from .mode_world import MOMENT, SECRET, Server, acquired, ask, refreshed, rsa_keys

LINK = "https://hub.example/apps/mine"
APP = {
    "authorization_url": "${connectionConfig.appPublicLink}/installations/new",
    "token_url": "https://api.hub.example/app/installations/${connectionConfig.installation_id}/access_tokens",
}
BOTH = {**APP, "token_url": {"OAUTH2": "https://hub.example/token", "APP": APP["token_url"]}}
PLUGIN = {"redirect_uri_metadata": ["website_id"]}
INSTALLED = {"token": "inst-token", "expires_at": "2024-03-09T09:05:07Z"}
USER = {"access_token": "user-token", "refresh_token": "user-refresh", "expires_in": 3600}
CONSENT = Consent("https://us.example/back", "st ate")


def app(**custom):
    """An integration with an app, and with an OAuth client for its users."""
    own = {"app_id": "77", "app_link": LINK, "private_key": rsa_keys()[0], **custom}
    return Integration("acme", "client", SECRET, custom={name: value for name, value in own.items() if value})


def question(mode, definition, params=None, *, integration=None, config=None, credentials=None):
    back = None if params is None else Callback(params, CONSENT.callback_url, {"code_verifier": "v"})
    return ask(
        mode, definition, integration=integration or app(), config=config, credentials=credentials, callback=back
    )


def begun(asked):
    return drive(browser_mode_of(asked.provider).begin(asked, CONSENT), Server())


def sent(asked, *answers, step="acquire"):
    """The grant, and the requests that were sent for it."""
    server = Server(*answers)
    return drive(getattr(browser_mode_of(asked.provider), step)(asked), server), server.requests


class TestApp:
    def test_the_page_that_installs_it_carries_the_state(self):
        redirect = begun(question("APP", APP))
        assert redirect.url == f"{LINK}/installations/new?state=st+ate"

    @pytest.mark.parametrize("name", ["app_link", "private_key"])
    def test_what_the_integration_lacks_is_said_before_anybody_is_asked(self, name):
        lacking = Integration("acme", "client", custom={**app().custom, name: ""})
        with pytest.raises(IntegrationIncomplete, match=name):
            begun(question("APP", APP, integration=lacking))

    def test_the_installation_of_the_callback_gets_a_token(self):
        grant, (request,) = sent(question("APP", APP, {"installation_id": "9 9"}), INSTALLED)
        assert request.url == "https://api.hub.example/app/installations/9%209/access_tokens"
        proof = request.headers["authorization"].removeprefix("Bearer ")
        assert grant.credentials == {
            "type": "APP",
            "access_token": "inst-token",
            "expires_at": "2024-03-09T09:05:07Z",
            "raw": INSTALLED,
            "jwtToken": proof,
        }
        assert grant.connection_config == {"installation_id": "9 9", "appPublicLink": LINK}

    def test_the_app_proves_itself_for_ten_minutes(self):
        grant, _ = sent(question("APP", APP, {"installation_id": "9"}), INSTALLED)
        claims = jwt.decode(
            grant.credentials["jwtToken"], rsa_keys()[1], algorithms=["RS256"], options={"verify_exp": False}
        )
        now = int(MOMENT.now.timestamp())
        assert claims == {"iat": now, "exp": now + 600, "iss": "77"}

    @pytest.mark.parametrize("wrap", [lambda pem: pem, lambda pem: base64.b64encode(pem.encode()).decode()])
    def test_the_key_is_pem_or_pem_in_base64_wherever_it_stands(self, wrap):
        pem = wrap(rsa_keys()[0])
        for integration in (app(private_key=pem), Integration("acme", "77", pem, custom={"app_link": LINK})):
            asked = question("APP", APP, {"installation_id": "9"}, integration=integration)
            assert acquired(asked, INSTALLED).credentials["access_token"] == "inst-token"

    def test_a_key_that_is_none_is_refused_without_being_shown(self):
        with pytest.raises(KeyMaterialInvalid) as caught:
            begun(question("APP", APP, integration=app(private_key=f"{SECRET}!")))
        assert SECRET not in f"{caught.value!r} {caught.value.to_dict()}"

    def test_the_same_installation_gets_the_next_token(self):
        asked = question("APP", APP, config={"installation_id": "9"}, credentials={"type": "APP"})
        assert refreshed(asked, INSTALLED).credentials["access_token"] == "inst-token"

    def test_an_installation_that_waits_for_approval_is_no_consent_yet(self):
        with pytest.raises(ConsentRefused, match="approve"):
            acquired(question("APP", APP, {"setup_action": "request"}))

    @pytest.mark.parametrize("answer", [{}, {"token": 7}, [], "x"])
    def test_an_answer_without_a_token_is_an_error(self, answer):
        with pytest.raises(TokenUnusable):
            acquired(question("APP", APP, {"installation_id": "9"}), answer)

    def test_a_refusal_is_an_error(self):
        with pytest.raises(TokenRefused):
            acquired(question("APP", APP, {"installation_id": "9"}), 404)


class TestCustom:
    def test_the_users_token_is_kept_beside_the_installations(self):
        asked = question("CUSTOM", BOTH, {"code": "c", "installation_id": "9"})
        grant, (first, second) = sent(asked, USER, INSTALLED)
        assert parse_qs(first.body.decode())["code"] == ["c"]
        assert (first.url, second.url.rpartition("/")[2]) == ("https://hub.example/token", "access_tokens")
        assert (grant.credentials["type"], grant.credentials["access_token"]) == ("APP", "inst-token")
        assert grant.connection_config["userCredentials"]["access_token"] == "user-token"

    def test_until_it_is_installed_the_users_token_is_all_there_is(self):
        grant, requests = sent(question("CUSTOM", BOTH, {"code": "c", "setup_action": "request"}), USER)
        assert len(requests) == 1
        assert grant.credentials["access_token"] == "user-token"
        assert grant.connection_config["pending"] is True

    def test_it_is_pending_no_longer_once_it_is_installed(self):
        grant, _ = sent(question("CUSTOM", BOTH, {"installation_id": "9"}, config={"pending": True}), INSTALLED)
        assert grant.connection_config["pending"] is None

    def test_a_callback_with_neither_is_no_consent(self):
        with pytest.raises(ConsentRefused):
            acquired(question("CUSTOM", BOTH, {}))

    @pytest.mark.parametrize(("ends", "renewed"), [("2024-03-09T08:10:00.000Z", True), ("2024-03-10T08:00:00Z", False)])
    def test_a_users_token_is_renewed_only_when_it_is_about_to_end(self, ends, renewed):
        user = {"type": "OAUTH2", "access_token": "old", "refresh_token": "r", "expires_at": ends}
        asked = question("CUSTOM", BOTH, config={"installation_id": "9", "userCredentials": user})
        grant, requests = sent(asked, INSTALLED, USER, step="refresh")
        assert len(requests) == (2 if renewed else 1)
        assert bool(grant.connection_config) is renewed

    def test_a_users_token_that_cannot_be_renewed_does_not_stop_the_installations(self):
        user = {"type": "OAUTH2", "access_token": "old", "refresh_token": "r", "expires_at": "2024-03-09T08:00:00Z"}
        asked = question("CUSTOM", BOTH, config={"installation_id": "9", "userCredentials": user})
        grant, _ = sent(asked, INSTALLED, 401, step="refresh")
        assert grant.credentials["access_token"] == "inst-token"
        assert grant.connection_config == {}


class TestPlugin:
    def plugin(self, **custom):
        own = {"app_link": "https://chat.example/install?v=1", "username": "id", "password": SECRET, **custom}
        return Integration("acme", custom=own)

    def test_the_page_that_installs_it_carries_the_state(self):
        redirect = begun(question("INSTALL_PLUGIN", PLUGIN, integration=self.plugin()))
        assert redirect.url == "https://chat.example/install?v=1&payload=st+ate"

    @pytest.mark.parametrize("name", ["app_link", "username", "password"])
    def test_what_the_integration_lacks_is_said_before_anybody_is_asked(self, name):
        with pytest.raises(IntegrationIncomplete, match=name):
            begun(question("INSTALL_PLUGIN", PLUGIN, integration=self.plugin(**{name: ""})))

    def test_a_link_that_is_no_web_address_is_refused(self):
        with pytest.raises(InvalidUrl):
            begun(question("INSTALL_PLUGIN", PLUGIN, integration=self.plugin(app_link="javascript:alert(1)")))

    def test_calls_go_out_as_the_plugins_own_user(self):
        asked = question("INSTALL_PLUGIN", PLUGIN, {"website_id": "w1"}, integration=self.plugin())
        grant = acquired(asked)
        assert grant.credentials == {"type": "BASIC", "username": "id", "password": SECRET}
        assert grant.connection_config == {"website_id": "w1"}

    def test_a_callback_that_names_no_installation_is_no_consent(self):
        with pytest.raises(ConsentRefused, match="website_id"):
            acquired(question("INSTALL_PLUGIN", PLUGIN, {}, integration=self.plugin()))

    def test_a_changed_password_is_taken_up(self):
        stored = {"type": "BASIC", "username": "id", "password": "old"}
        asked = question("INSTALL_PLUGIN", PLUGIN, integration=self.plugin(), credentials=stored)
        assert json.dumps(refreshed(asked).credentials["password"]) == json.dumps(SECRET)
