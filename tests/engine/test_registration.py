"""Providers that give clients away: one is registered when the first person is sent there, and kept."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors import ConsentRefused, IntegrationIncomplete, TokenRefused
from connectors.engine.host import Host
from connectors.engine.settings import Settings

DEFINITIONS = """
giving: &giving
  display_name: Giving
  auth_mode: MCP_OAUTH2
  client_registration: dynamic
  registration_url: URL/register
  authorization_url: URL/authorize
  token_url: URL/token
  proxy: {base_url: URL/api}
keeping:
  <<: *giving
  client_registration: static
"""
CALLBACK = "http://127.0.0.1:8917/callback"


@pytest.fixture
def host(desk, tmp_path, database_url):
    (tmp_path / "mcp.yaml").write_text(DEFINITIONS.replace("URL", desk.url))
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", "DATABASE_URL": database_url}
    settings = Settings.load(given, home=tmp_path / "mcp")
    with Host.open(settings, providers=[tmp_path / "mcp.yaml"]) as opened:
        yield opened


@pytest.fixture
def registered(desk):
    given = iter(range(1, 9))
    desk.routes["POST", "/register"] = lambda *_: (201, {"client_id": f"c{next(given)}", "client_secret": "r3gistered"})
    desk.routes["POST", "/token"] = lambda *_: {"access_token": "tok", "expires_in": 60}
    return lambda: [json.loads(body) for method, path, _, body in desk.seen if path == "/register"]


def begin(host, environment="dev", provider="giving", id="acme"):
    return host.consents.begin(environment, provider=provider, id=id, callback_url=CALLBACK)


def client_of(begun):
    return dict(parse_qsl(urlsplit(begun.url).query))["client_id"]


def test_the_first_person_gets_a_client_registered_and_the_next_ones_use_it(host, registered):
    begun = begin(host)
    assert client_of(begun) == "c1"
    assert client_of(begin(host, id="second")) == "c1"
    (asked,) = registered()
    assert asked["redirect_uris"] == [CALLBACK]
    stored = host.integrations.get("dev", "giving")
    assert (stored.client_id, stored.secrets) == ("c1", ("client_secret",))
    done = host.consents.finish(begun.state, {"state": begun.state, "code": "x"})
    assert host.connections.open(done).credentials["access_token"] == "tok"


def test_each_environment_has_a_client_of_its_own(host, registered):
    assert client_of(begin(host)) == "c1"
    assert client_of(begin(host, environment="prod")) == "c2"
    assert client_of(begin(host)) == "c1"


def test_a_client_that_was_given_is_used(host, registered):
    host.integrations.create("dev", "giving", provider="giving", client_id="mine")
    assert client_of(begin(host)) == "mine"
    assert registered() == []


def test_two_who_begin_at_once_end_up_with_the_same_client(host, registered, desk):
    inner = []

    def register(path, body):
        if not inner:
            inner.append(None)
            inner[0] = begin(host, id="inner")
        return 201, {"client_id": f"c{len(registered())}"}

    desk.routes["POST", "/register"] = register
    outer = begin(host)
    assert client_of(outer) == client_of(inner[0]) == host.integrations.get("dev", "giving").client_id


def test_a_provider_that_registers_nobody_now_is_told_and_leaves_nothing(host, desk):
    desk.routes["POST", "/register"] = lambda *_: (403, {"error": "closed"})
    with pytest.raises(TokenRefused):
        begin(host)
    assert host.integrations.list("dev") == []


def test_a_provider_that_gives_no_clients_away_needs_one(host, registered):
    with pytest.raises(IntegrationIncomplete):
        begin(host, provider="keeping")
    assert registered() == []


def test_a_callback_without_a_code_connects_nothing(host, registered):
    begun = begin(host)
    with pytest.raises(ConsentRefused):
        host.consents.finish(begun.state, {"state": begun.state})
    assert host.connections.list("dev") == []
