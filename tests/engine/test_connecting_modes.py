"""The one order of connecting, for each kind of auth mode: what is sent, what is stored, and what is not."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qsl

import pytest

from connectors import AuthError, ConfigError, ConsentNeeded, IntegrationIncomplete, TokenRefused
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from tests.engine.conftest import stored_octets

DEFINITIONS = """
machine:
  display_name: Machine
  auth_mode: OAUTH2_CC
  token_url: URL/${connectionConfig.tenant}/token
  token_params: {grant_type: client_credentials, audience: "${connectionConfig.tenant}"}
  token_response_metadata: [region, second_token]
  proxy:
    base_url: URL/api
    verification: {method: GET, endpoints: [/never]}
  connection_config:
    tenant: {type: string, title: Tenant, description: Yours.}
steps:
  display_name: Steps
  auth_mode: TWO_STEP
  token_url: URL/login
  token_headers: {content-type: application/json}
  token_params: {key: "${credentials.appKey}", user: "${credentials.user}", pass: "${credentials.pass}"}
  token_response: {token: session.token, token_expiration: session.seconds, token_expiration_strategy: expireIn}
  proxy: {base_url: URL/api, headers: {authorization: "Bearer ${accessToken}"}}
  integration_config:
    appKey: {type: string, title: App Key, description: Ours., secret: true}
  credentials:
    user: {type: string, title: User, description: Yours., secret: false}
    pass: {type: string, title: Pass, description: Yours., secret: true}
bill:
  display_name: Bill
  auth_mode: BILL
  token_url: URL/bill/login
  proxy: {base_url: URL/api}
signed:
  display_name: Signed
  auth_mode: SIGNATURE
  signature: {protocol: WSSE}
  token: {expires_in_ms: 600000}
  proxy:
    base_url: URL/api
    headers: {x-wsse: "${accessToken}"}
    verification: {method: GET, endpoints: [/me]}
tba:
  display_name: TBA
  auth_mode: TBA
  connection_config:
    accountId: {type: string, title: Account, description: Yours.}
  proxy:
    base_url: URL/api
    verification: {method: GET, endpoints: [/me]}
keyed:
  display_name: Keyed
  auth_mode: API_KEY
  integration_config:
    realm: {type: string, title: Realm, description: Ours.}
  proxy: {base_url: URL/api, headers: {x-key: "${apiKey}"}}
jot:
  display_name: Jot
  auth_mode: JWT
  signature: {protocol: HMAC, hmac_secret_encoding: utf8}
  token:
    signing_key: "${credentials.secretKey}"
    expires_in_ms: 600000
    header: {alg: HS256}
    payload: {iss: "${credentials.issuer}"}
  proxy:
    base_url: URL/api
    headers: {authorization: "Bearer ${accessToken}"}
    verification: {method: GET, endpoints: [/me]}
  credentials:
    issuer: {type: string, title: Issuer, description: Yours., secret: false}
    secretKey: {type: string, title: Secret Key, description: Yours., secret: true}
person:
  display_name: Person
  auth_mode: OAUTH2
  authorization_url: URL/authorize
  token_url: URL/token
  proxy: {base_url: URL/api}
"""


@pytest.fixture
def host(desk, tmp_path, database_url):
    (tmp_path / "modes.yaml").write_text(DEFINITIONS.replace("URL", desk.url))
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", "DATABASE_URL": database_url}
    settings = Settings.load(given, home=tmp_path / "modes")
    with Host.open(settings, providers=[tmp_path / "modes.yaml"]) as opened:
        yield opened


def connect(host, provider, *, id="acme", config=None, credentials=None, **given):
    given = {"config": config or {}, "credentials": credentials or {}, **given}
    return host.connections.connect("dev", provider=provider, id=id, **given)


def opened(host, id="acme"):
    return host.connections.open(host.connections.get("dev", id))


def sent(desk):
    return [(method, path) for method, path, _, _ in desk.seen]


CLIENT = {"client_id": "id-1", "client_secret": "s3cr3t-cc"}


def test_oauth2_cc_fetches_a_token_and_asks_nothing_else(host, desk):
    desk.routes["POST", "/t1/token"] = lambda *_: {
        "access_token": "tok-1", "expires_in": 3600, "region": "eu", "second_token": "keep-me-secret",
    }  # fmt: skip
    desk.routes["GET", "/api/me"] = lambda *_: {"ok": True}
    stored = connect(host, "machine", config={"tenant": "t1"}, credentials=CLIENT)
    assert sent(desk) == [("POST", "/t1/token")]
    form = dict(parse_qsl(desk.seen[0][3].decode()))
    assert form == {"grant_type": "client_credentials", "audience": "t1", **CLIENT}
    assert stored.verified_at is not None
    assert 3500 < stored.credentials_expires_at - host.clock.now() < 3700
    with host.client(stored) as client:
        client.get("/me")
    assert desk.seen[-1][2]["authorization"] == "Bearer tok-1"


def test_what_an_answer_left_in_the_config_is_kept_and_what_sounds_secret_is_sealed(host, desk):
    desk.routes["POST", "/t1/token"] = lambda *_: {
        "access_token": "tok-1",
        "region": "eu",
        "second_token": "h1d3",
    }
    stored = connect(host, "machine", config={"tenant": "t1"}, credentials=CLIENT)
    assert dict(stored.connection_config) == {"tenant": "t1", "region": "eu"}
    assert dict(opened(host).connection_config) == {"tenant": "t1", "region": "eu", "second_token": "h1d3"}
    assert "h1d3" in opened(host).secrets


def test_a_token_that_is_refused_stores_nothing_and_shows_no_secret(host, desk):
    desk.routes["POST", "/t1/token"] = lambda *_: (401, {"error": "invalid_client", "client": "s3cr3t-cc"})
    with pytest.raises(TokenRefused) as caught:
        connect(host, "machine", config={"tenant": "t1"}, credentials=CLIENT)
    assert "s3cr3t-cc" not in json.dumps(caught.value.to_dict())
    assert host.connections.list("dev") == []


def test_all_problems_are_told_before_a_token_is_asked_for(host, desk):
    with pytest.raises(ConfigError) as caught:
        connect(host, "machine")
    assert [problem.field for problem in caught.value.problems] == ["tenant", "client_id", "client_secret"]
    assert desk.seen == []


def test_connecting_again_replaces_token_and_config_and_keeps_metadata(host, desk):
    tokens = iter(["tok-1", "tok-2"])
    for tenant in ("t1", "t2"):
        desk.routes["POST", f"/{tenant}/token"] = lambda *_: {"access_token": next(tokens)}
        connect(host, "machine", config={"tenant": tenant}, credentials=CLIENT, metadata={tenant: True})
    stored = host.connections.get("dev", "acme")
    assert (stored.metadata, stored.connection_config["tenant"]) == ({"t1": True, "t2": True}, "t2")
    assert opened(host).credentials["token"] == "tok-2"


def test_two_step_takes_from_the_integration_what_it_holds_and_stores_it_nowhere_else(host, desk):
    desk.routes["POST", "/login"] = lambda *_: {"session": {"token": "tok-1", "seconds": 600}}
    host.integrations.create("dev", "steps", provider="steps", custom={"appKey": "0ur-app-key"})
    stored = connect(host, "steps", credentials={"user": "me", "pass": "p4ss"})
    assert json.loads(desk.seen[0][3]) == {"key": "0ur-app-key", "user": "me", "pass": "p4ss"}
    credentials = opened(host).credentials
    assert (credentials["token"], credentials["user"], credentials["pass"]) == ("tok-1", "me", "p4ss")
    assert "0ur-app-key" not in json.dumps({**credentials, "raw": None})
    assert "0ur-app-key" in opened(host).secrets
    assert 500 < stored.credentials_expires_at - host.clock.now() < 700


def test_two_step_asks_each_connection_for_what_the_integration_does_not_hold(host, desk):
    desk.routes["POST", "/login"] = lambda *_: {"session": {"token": "tok-1", "seconds": 600}}
    with pytest.raises(ConfigError) as caught:
        connect(host, "steps", credentials={"user": "me", "pass": "p4ss"})
    assert [problem.field for problem in caught.value.problems] == ["appKey"]
    connect(host, "steps", credentials={"user": "me", "pass": "p4ss", "appKey": "th3irs"})
    assert json.loads(desk.seen[0][3])["key"] == "th3irs"
    assert opened(host).credentials["appKey"] == "th3irs"


def test_bill_opens_a_session(host, desk):
    desk.routes["POST", "/bill/login"] = lambda *_: {"sessionId": "sess-1", "organizationId": "o1", "userId": "u1"}
    given = {"username": "me", "password": "p4ss", "organization_id": "o1", "dev_key": "d3v"}
    connect(host, "bill", credentials=given)
    assert json.loads(desk.seen[0][3]) == {
        "username": "me", "password": "p4ss", "organizationId": "o1", "devKey": "d3v",
    }  # fmt: skip
    assert opened(host).credentials["session_id"] == "sess-1"


def test_a_signed_token_is_made_here_and_then_verified(host, desk):
    desk.routes["GET", "/api/me"] = lambda *_: {"ok": True}
    stored = connect(host, "jot", credentials={"issuer": "i1", "secretKey": "k" * 32})
    assert sent(desk) == [("GET", "/api/me")]
    token = desk.seen[0][2]["authorization"].removeprefix("Bearer ")
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert payload["iss"] == "i1"
    assert stored.verified_at is not None


@pytest.mark.parametrize(
    ("provider", "credentials", "header"),
    [
        ("signed", {"username": "me", "password": "p4ss"}, "x-wsse"),
        ("tba", {"token_id": "t1", "token_secret": "ts1"}, "authorization"),
    ],
)
def test_a_signature_is_verified_and_a_refusal_stores_nothing(host, desk, provider, credentials, header):
    if provider == "tba":
        host.integrations.create("dev", "tba", provider="tba", client_id="consumer", client_secret="consumer-s3cret")
    desk.routes["GET", "/api/me"] = lambda *_: (401, {"no": True})
    with pytest.raises(AuthError):
        connect(host, provider, config={"accountId": "a1"} if provider == "tba" else {}, credentials=credentials)
    assert host.connections.list("dev") == []
    desk.routes["GET", "/api/me"] = lambda *_: {"ok": True}
    connect(host, provider, config={"accountId": "a1"} if provider == "tba" else {}, credentials=credentials)
    assert desk.seen[-1][2][header]
    for secret in ("p4ss", "ts1", "consumer-s3cret"):
        assert secret not in json.dumps(desk.seen[-1][2])


def test_an_integration_that_lacks_an_own_field_says_so_before_anything_is_sent(host, desk):
    with pytest.raises(IntegrationIncomplete, match="Realm"):
        connect(host, "keyed", credentials={"apiKey": "k"})
    host.integrations.create("dev", "keyed", provider="keyed", custom={"realm": "r1"})
    connect(host, "keyed", credentials={"apiKey": "k"})
    assert desk.seen == []


def test_a_mode_that_needs_a_person_says_so(host, desk):
    host.integrations.create("dev", "person", provider="person", client_id="i", client_secret="s")
    with pytest.raises(ConsentNeeded):
        connect(host, "person")
    assert desk.seen == []
    assert host.connections.list("dev") == []


def test_the_database_holds_no_token_and_no_secret_of_any_mode(host, desk):
    desk.routes["POST", "/t1/token"] = lambda *_: {"access_token": "tok-very-secret", "second_token": "h1d3-too"}
    desk.routes["POST", "/login"] = lambda *_: {"session": {"token": "tok-very-secret", "seconds": 600}}
    connect(host, "machine", config={"tenant": "t1"}, credentials=CLIENT)
    host.integrations.create("dev", "steps", provider="steps", custom={"appKey": "0ur-app-key"})
    connect(host, "steps", id="b", credentials={"user": "me", "pass": "p4ss/w\u00f6rd"})
    octets = stored_octets(host)
    for secret in ("tok-very-secret", "h1d3-too", "s3cr3t-cc", "0ur-app-key", "p4ss/w\u00f6rd"):
        for form in (secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()[:-4]):
            assert form.encode() not in octets
