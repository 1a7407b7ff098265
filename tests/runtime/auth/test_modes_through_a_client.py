"""Every kind of credential over HTTP: it arrives, a 401 is told, and a redirect takes nothing of it elsewhere."""

import pytest

from connectors import AuthError, Client
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.hosts import HostPolicy
from connectors.runtime.integration import Integration

CREDENTIALS = {
    "API_KEY": {"apiKey": "s3cret-key"},
    "APP": {"access_token": "s3cret-access"},
    "AWS_SIGV4": {
        "access_key_id": "AKIDs3cret",
        "secret_access_key": "s3cret-aws",
        "session_token": "s3cret-session",
        "region": "eu-west-1",
        "service": "sqs",
    },
    "BASIC": {"username": "me", "password": "s3cret-pass"},
    "BILL": {"session_id": "s3cret-session", "dev_key": "s3cret-dev", "username": "me", "password": "s3cret-pass"},
    "CUSTOM": {"raw": {"apiKey": "s3cret-key"}},
    "INSTALL_PLUGIN": {"username": "me", "password": "s3cret-pass"},
    "JWT": {"token": "s3cret-jwt", "privateKey": "s3cret-private"},
    "MCP_OAUTH2": {"access_token": "s3cret-access", "refresh_token": "s3cret-refresh"},
    "MCP_OAUTH2_GENERIC": {"access_token": "s3cret-access", "refresh_token": "s3cret-refresh"},
    "OAUTH1": {"oauth_token": "s3cret-token", "oauth_token_secret": "s3cret-of-token"},
    "OAUTH2": {"access_token": "s3cret-access", "refresh_token": "s3cret-refresh"},
    "OAUTH2_CC": {"token": "s3cret-token", "client_id": "cid", "client_secret": "s3cret-client"},
    "SIGNATURE": {"token": 'UsernameToken PasswordDigest="s3cret"', "username": "me", "password": "s3cret-pass"},
    "TBA": {
        "token_id": "s3cret-id",
        "token_secret": "s3cret-token",
        "config_override": {"client_id": "s3cret-consumer", "client_secret": "s3cret-consumer-secret"},
    },
    "TWO_STEP": {"token": "s3cret-token", "_cookies": "sid=s3cret-cookie", "clientId": "s3cret-client"},
}
PLACED = {  # header templates that place a credential anew
    "BILL": {"session-id": "${session_id}", "dev-key": "${dev_key}"},
    "CUSTOM": {"x-own": "k ${credentials.raw.apiKey}"},
    "MCP_OAUTH2": {"x-client": "${base64(${clientId}:${clientSecret})}"},
    "OAUTH2": {"x-client": "${base64(${clientId}:${clientSecret})}", "x-token": "${accessToken}"},
    "TWO_STEP": {"cookie": "${credentials._cookies}", "x-sig": "${sha256Hex(${accessToken}${endpoint})}"},
}
QUERY = {"tok": "${accessToken}", "key": "${base64(${password})}", "plain": "1"}


@pytest.fixture
def client_of(server, fake_clock):
    made = []

    def make(kind, **options):
        proxy = {"base_url": server.url, "headers": {"x-plain": "1", **PLACED.get(kind, {})}}
        if kind not in ("API_KEY", "CUSTOM"):
            known = {name for name, template in QUERY.items() if name != "key" or "password" in CREDENTIALS[kind]}
            proxy["query"] = {name: QUERY[name] for name in QUERY if name in known}
        definition = {"auth_mode": kind, "display_name": "Acme", "proxy": proxy}
        integration = Integration(client_id="cid", client_secret="s3cret-of-the-integration")
        connection = Connection(
            Provider("acme", definition, "test"),
            {"accountId": "1"},
            {"type": kind, **CREDENTIALS[kind]},
            integration=integration,
        )
        made.append(Client(connection, policy=HostPolicy(allow_private=True), clock=fake_clock, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def secrets_of(kind):
    for value in CREDENTIALS[kind].values():
        yield from value.values() if isinstance(value, dict) else [value]


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_nothing_of_a_credential_goes_to_another_host_in_any_mode(server, other_server, client_of, replies, kind):
    server.script = [replies(status=307, headers={"location": f"{other_server.url}/there?keep=1"}), replies()]
    client_of(kind).get("/x", headers={"x-mine": "yes"})
    [away] = other_server.seen
    assert away.headers["x-mine"] == "yes"
    assert away.headers["x-plain"] == "1"
    assert not {*away.headers} & {"authorization", "cookie", "x-client", "x-sig", "x-token", "x-own", "session-id"}
    assert not [name for name in away.headers if name.startswith("x-amz")]
    assert away.target == "/there?keep=1"
    assert all(secret not in str(away) for secret in secrets_of(kind) if secret not in ("me", "cid", "sqs"))
    assert "s3cret" not in str(away)


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_what_the_definition_put_into_the_query_stays_at_home_even_if_the_redirect_repeats_it(
    server, other_server, client_of, replies, kind
):
    def repeat(seen):
        return replies(status=302, headers={"location": other_server.url + seen.target})

    server.script = [repeat, replies()]
    client_of(kind).get("/x?keep=1")
    assert set(other_server.seen[0].target.partition("?")[2].split("&")) <= {"keep=1", "plain=1"}


@pytest.mark.parametrize("kind", [kind for kind in CREDENTIALS if kind not in ("API_KEY", "BILL", "CUSTOM")])
def test_credentials_arrive_and_a_401_says_so_without_showing_them(server, client_of, replies, kind):
    server.script = [replies(status=401, body={"error": "invalid_token"})]
    with pytest.raises(AuthError) as caught:
        client_of(kind).get("/x")
    assert len(server.seen) == 1  # the same credentials would be refused again
    shown = server.seen[0].headers
    assert "authorization" in shown or "cookie" in shown
    assert caught.value.status == 401
    assert "s3cret" not in f"{caught.value} {caught.value.to_dict()} {caught.value!r}"
    assert "s3cret" not in repr(caught.value.__cause__ or caught.value.__context__)


def test_a_bearer_token_arrives_as_it_is(server, client_of):
    client_of("OAUTH2").get("/x")
    assert server.seen[0].headers["authorization"] == "Bearer s3cret-access"


def test_a_caller_who_asks_for_it_gets_the_401_as_an_answer(server, client_of, replies):
    server.script = [replies(status=401, body={"error": "expired"})]
    answer = client_of("JWT").get("/x", raise_for_status=False)
    assert (answer.status, answer.json()) == (401, {"error": "expired"})
