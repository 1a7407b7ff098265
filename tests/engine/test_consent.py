"""Consent: one browser, one return, to the connection it was sent for. The auth mode here asks nobody anything."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest

from connectors import ConfigError, ConsentRefused, InputError, TokenRefused, UnsupportedAuthMode
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.engine.vault import Vault
from connectors.runtime.auth.flow import Grant, Redirect
from connectors.testing import FakeClock
from tests.engine.conftest import stored_octets

DEFINITIONS = """
crm:
  display_name: CRM
  auth_mode: OAUTH2
  authorization_url: https://crm.example/authorize
  token_url: https://crm.example/token
  proxy: {base_url: "https://${connectionConfig.site}.crm.example"}
  connection_config:
    site: {type: string, title: Site, description: Your site.}
keyed:
  display_name: Keyed
  auth_mode: API_KEY
  proxy: {base_url: https://api.keyed.example}
"""
CALLBACK = "https://here.example/callback"
VERIFIER = "ver1f1er-that-nobody-may-see"


def acquire(ask):
    yield from ()
    if ask.callback.params["code"] == "bad":
        raise TokenRefused("The token endpoint refused.")
    token = f"token-of-{ask.callback.params['code']}-{ask.callback.remembered['verifier']}"
    return Grant({"type": "OAUTH2", "access_token": token, "expires_at": None}, {"granted": ask.callback.callback_url})


def begin(ask, consent):
    yield from ()
    client = ask.integration.client_id
    url = f"https://crm.example/authorize?client_id={client}&state={consent.state}&redirect_uri={consent.callback_url}"
    return Redirect(url, {"verifier": VERIFIER})


@pytest.fixture(autouse=True)
def _mode_of_this_test(monkeypatch):
    module = ModuleType("connectors.runtime.auth.oauth2")
    module.acquire, module.refresh, module.begin = acquire, acquire, begin
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def host(tmp_path, database_url, clock):
    (tmp_path / "more.yaml").write_text(DEFINITIONS)
    settings = Settings.load({"DATABASE_URL": database_url}, home=tmp_path / "home")
    with Host.open(settings, providers=[tmp_path / "more.yaml"], clock=clock) as opened:
        opened.integrations.create("dev", "crm", provider="crm", client_id="client-1", client_secret="s3cr3t-client")
        yield opened


def start(host, *, environment="dev", **given):
    given = {"provider": "crm", "id": "acme", "config": {"site": "acme"}, "callback_url": CALLBACK, **given}
    return host.consents.begin(environment, **given)


def finish(host, begun, code="good", **params):
    return host.consents.finish(begun.state, {"state": begun.state, "code": code, **params})


def test_a_browser_that_comes_back_connects_what_it_was_sent_for(host):
    begun = start(host, metadata={"plan": "x"})
    assert f"client_id=client-1&state={begun.state}" in begun.url
    stored = finish(host, begun)
    assert (stored.environment, stored.integration, stored.id) == ("dev", "crm", "acme")
    assert stored.metadata == {"plan": "x"}
    assert dict(stored.connection_config) == {"site": "acme", "granted": CALLBACK}
    assert stored.verified_at is not None
    assert host.connections.open(stored).credentials["access_token"] == f"token-of-good-{VERIFIER}"


def test_nothing_is_stored_before_the_browser_is_back(host):
    start(host)
    assert host.connections.list("dev") == []


def test_a_state_is_good_once(host):
    begun = start(host)
    finish(host, begun)
    with pytest.raises(ConsentRefused, match="used already"):
        finish(host, begun, code="other")
    assert (
        host.connections.open(host.connections.get("dev", "acme"))
        .credentials["access_token"]
        .startswith("token-of-good")
    )


def test_a_state_is_used_up_by_a_failure_too(host):
    begun = start(host)
    with pytest.raises(TokenRefused):
        finish(host, begun, code="bad")
    with pytest.raises(ConsentRefused, match="used already"):
        finish(host, begun)
    assert host.connections.list("dev") == []


@pytest.mark.parametrize("state", ["", "made-up", "x" * 10_000, "\ud800"])
def test_a_state_that_nobody_gave_out_is_refused(host, state):
    start(host)
    with pytest.raises(ConsentRefused, match="no request of ours"):
        host.consents.finish(state, {"state": state, "code": "good"})
    assert host.connections.list("dev") == []


def test_a_state_with_something_behind_it_is_another_one(host):
    begun = start(host)
    with pytest.raises(ConsentRefused, match="no request of ours"):
        host.consents.finish(f"{begun.state}x", {"code": "good"})
    assert finish(host, begun).id == "acme"


def test_a_browser_that_comes_too_late_is_refused(host, clock):
    begun = start(host, life=60.0)
    clock.sleep(59.0)
    assert finish(host, begun).id == "acme"
    begun = start(host, id="late", life=60.0)
    clock.sleep(61.0)
    with pytest.raises(ConsentRefused, match="too late"):
        finish(host, begun)
    assert [stored.id for stored in host.connections.list("dev")] == ["acme"]


def test_what_is_long_over_is_forgotten(host, clock):
    begun = start(host)
    clock.sleep(3 * 86_400.0)
    start(host, id="second")
    assert host.store.database.connection.execute("SELECT count(*) FROM consents").fetchone()[0] == 1
    with pytest.raises(ConsentRefused, match="no request of ours"):
        finish(host, begun)


@pytest.mark.parametrize("no", [{"error": "access_denied", "error_description": "The user said no"}, {"denied": "t1"}])
def test_a_no_from_the_person_is_told_and_connects_nothing(host, no):
    begun = start(host)
    with pytest.raises(ConsentRefused, match="without consent") as caught:
        host.consents.finish(begun.state, {"state": begun.state, **no})
    assert no.get("error_description", "") in caught.value.message
    assert caught.value.to_dict()["reason"] in ("access_denied", "denied")
    with pytest.raises(ConsentRefused, match="used already"):
        finish(host, begun)
    assert host.connections.list("dev") == []


def test_each_consent_makes_the_connection_of_its_own_environment(host):
    host.integrations.create("prod", "crm", provider="crm", client_id="client-of-prod")
    mine, theirs = start(host), start(host, environment="prod", config={"site": "theirs"})
    assert "client_id=client-of-prod" in theirs.url
    assert finish(host, theirs).environment == "prod"
    assert host.connections.list("dev") == []
    assert finish(host, mine).environment == "dev"


def test_everything_is_checked_before_the_browser_is_sent(host):
    with pytest.raises(ConfigError, match="Site"):
        start(host, config={"site": "a/b"})
    with pytest.raises(InputError, match="connection id"):
        start(host, id="a\nb")
    with pytest.raises(UnsupportedAuthMode, match="no browser"):
        start(host, provider="keyed", config={})
    assert host.store.database.connection.execute("SELECT count(*) FROM consents").fetchone()[0] == 0


def test_connecting_again_keeps_metadata(host):
    finish(host, start(host, metadata={"plan": "x", "note": 1}))
    again = finish(host, start(host, metadata={"note": 2}), code="second")
    assert again.metadata == {"plan": "x", "note": 2}
    assert len(host.connections.list("dev")) == 1


def test_the_database_holds_neither_the_state_nor_what_was_remembered(host):
    begun = start(host)
    octets = stored_octets(host)
    for secret in (begun.state, VERIFIER, "s3cr3t-client"):
        assert secret.encode() not in octets
        assert secret not in repr(begun)
        assert json.dumps(secret)[1:-1].encode() not in octets
    finish(host, begun)
    kept = host.store.database.connection.execute("SELECT sealed FROM consents").fetchall()
    assert [row["sealed"] for row in kept] == [None]


def test_a_consent_that_is_under_way_survives_a_change_of_the_key(host):
    from connectors.engine.keys import read_key_file

    begun = start(host)
    host.vault = Vault([b"n" * 32, *read_key_file(host.settings.home)])
    host.connections.rotate()
    host.vault = Vault([b"n" * 32])
    assert finish(host, begun).id == "acme"


def test_two_returns_at_once_connect_once(host):
    from concurrent.futures import ThreadPoolExecutor

    begun = start(host)

    def attempt(number):
        try:
            return finish(host, begun, code=f"c{number}").id
        except ConsentRefused:
            return None

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, range(8)))
    assert sorted(filter(None, done)) == ["acme"]
