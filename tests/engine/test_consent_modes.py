"""Consent for each kind of mode that needs a browser: where it is sent, and what comes of its return."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors import AuthError, ConsentRefused, IntegrationIncomplete
from connectors.engine.host import Host
from connectors.engine.settings import Settings

DEFINITIONS = """
old:
  display_name: Old
  auth_mode: OAUTH1
  signature_method: HMAC-SHA1
  request_url: URL/request
  authorization_url: URL/authorize
  token_url: URL/access
  proxy: {base_url: URL/api}
app:
  display_name: App
  auth_mode: APP
  authorization_url: ${connectionConfig.appPublicLink}/installations/new
  token_url: URL/installations/${connectionConfig.installation_id}/token
  proxy: {base_url: URL/api}
  connection_config:
    appPublicLink: {type: string, title: Link, description: Of the app., format: uri, automated: true}
    installation_id: {type: string, title: Installation, description: Its id., automated: true}
plugin:
  display_name: Plugin
  auth_mode: INSTALL_PLUGIN
  auth_type: BASIC
  redirect_uri_metadata: [website_id]
  proxy:
    base_url: URL/api
    verification: {method: GET, endpoints: ["/website/${connectionConfig.website_id}"]}
outbound:
  display_name: Outbound
  auth_mode: OAUTH2
  installation: outbound
  authorization_url: URL/authorize
  token_url: URL/token
  proxy: {base_url: URL/api}
"""
CALLBACK = "https://here.example/callback"


@pytest.fixture
def host(desk, tmp_path, database_url):
    (tmp_path / "modes.yaml").write_text(DEFINITIONS.replace("URL", desk.url))
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", "DATABASE_URL": database_url}
    settings = Settings.load(given, home=tmp_path / "modes")
    with Host.open(settings, providers=[tmp_path / "modes.yaml"]) as opened:
        yield opened


def begin(host, provider):
    return host.consents.begin("dev", provider=provider, id="acme", callback_url=CALLBACK)


def query_of(url):
    return dict(parse_qsl(urlsplit(url).query))


def test_oauth1_remembers_the_request_token_until_the_browser_is_back(host, desk):
    host.integrations.create("dev", "old", provider="old", client_id="consumer", client_secret="consumer-s3cret")
    desk.routes["POST", "/request"] = lambda *_: (200, b"oauth_token=req1&oauth_token_secret=reqs3cret")
    desk.routes["POST", "/access"] = lambda *_: (200, b"oauth_token=acc1&oauth_token_secret=accs3cret")
    begun = begin(host, "old")
    asked = query_of(begun.url)
    assert asked["oauth_token"] == "req1"
    back = {**query_of(asked["oauth_callback"]), "oauth_token": "req1", "oauth_verifier": "v1"}
    stored = host.consents.finish(back["state"], back)
    credentials = host.connections.open(stored).credentials
    assert (credentials["oauth_token"], credentials["oauth_token_secret"]) == ("acc1", "accs3cret")
    assert "reqs3cret" not in begun.url
    assert "consumer-s3cret" not in str(desk.seen)


def test_oauth1_takes_no_return_for_another_request_token(host, desk):
    host.integrations.create("dev", "old", provider="old", client_id="consumer", client_secret="consumer-s3cret")
    desk.routes["POST", "/request"] = lambda *_: (200, b"oauth_token=req1&oauth_token_secret=reqs3cret")
    begun = begin(host, "old")
    with pytest.raises(ConsentRefused, match="another request"):
        host.consents.finish(begun.state, {"oauth_token": "req2", "oauth_verifier": "v1"})
    assert host.connections.list("dev") == []


@pytest.fixture
def installed(host, desk):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own = {"app_id": "7", "app_link": f"{desk.url}/apps/mine", "private_key": base64.b64encode(pem).decode()}
    host.integrations.create("dev", "app", provider="app", custom=own)
    desk.routes["POST", "/installations/42/token"] = lambda *_: {"token": "inst", "expires_at": "2099-01-01T00:00:00Z"}


def test_an_app_is_installed_in_the_browser(host, desk, installed):
    begun = begin(host, "app")
    assert begun.url.startswith(f"{desk.url}/apps/mine/installations/new?")
    state = query_of(begun.url)["state"]
    stored = host.consents.finish(state, {"state": state, "installation_id": "42", "setup_action": "install"})
    assert host.connections.open(stored).credentials["access_token"] == "inst"
    assert stored.connection_config["installation_id"] == "42"


def test_an_app_that_is_installed_already_needs_no_browser(host, installed):
    given = {"config": {"installation_id": "42"}, "credentials": {}}
    stored = host.connections.connect("dev", provider="app", id="acme", **given)
    assert host.connections.open(stored).credentials["access_token"] == "inst"


def test_an_app_without_its_own_values_says_so_before_the_browser_is_sent(host):
    with pytest.raises(IntegrationIncomplete):
        begin(host, "app")


def test_a_plugin_is_installed_and_then_verified(host, desk):
    own = {"app_link": f"{desk.url}/install", "username": "plug", "password": "plug-p4ss"}
    host.integrations.create("dev", "plugin", provider="plugin", custom=own)
    begun = begin(host, "plugin")
    assert query_of(begun.url) == {"payload": begun.state}
    desk.routes["GET", "/api/website/w1"] = lambda *_: (401, {})
    with pytest.raises(AuthError):
        host.consents.finish(begun.state, {"payload": begun.state, "website_id": "w1"})
    assert host.connections.list("dev") == []
    desk.routes["GET", "/api/website/w1"] = lambda *_: {"ok": True}
    again = begin(host, "plugin")
    stored = host.consents.finish(again.state, {"payload": again.state, "website_id": "w1"})
    assert stored.verified_at is not None
    assert desk.seen[-1][2]["authorization"] == f"Basic {base64.b64encode(b'plug:plug-p4ss').decode()}"


def test_an_app_that_is_installed_at_the_providers_site_is_pending_until_then(host, desk):
    host.integrations.create("dev", "outbound", provider="outbound", client_id="i", client_secret="s")
    stored = host.connections.connect("dev", provider="outbound", id="acme", config={}, credentials={})
    assert (stored.verified_at, desk.seen) == (None, [])
    assert "Install the app there" in stored.warnings[0]
    assert host.connections.open(stored).credentials["pending"] is True
