import socket

import pytest

import connectors
from connectors import AuthError, Client, DnsError
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Emulator

ASK = {"proxy": {"verification": {"endpoints": ["/me"]}}}


@pytest.fixture
def emulator(server, monkeypatch):
    with Emulator() as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield emulator


def paligo(key=API_KEY, instance=INSTANCE, **options):
    return connectors.connect("paligo", {"instance": instance, "username": USERNAME}, {"apiKey": key}, **options)


def test_good_credentials_are_good(emulator):
    with paligo() as client:
        result = client.verify()
    assert (result.ok, result.tested, result.status, result.part, result.error) == (True, True, 200, None, None)
    assert result.message == "The credentials work."
    assert len(emulator.log) == 1


def test_a_wrong_key_is_told_apart(emulator):
    with paligo(key="A" * 32) as client:
        result = client.verify()
    assert not result.ok
    assert isinstance(result.error, AuthError)
    assert result.part == "Username or API Key"
    assert "does not accept these credentials" in result.message
    assert "A" * 32 not in result.message
    assert len(emulator.log) == 1


def test_a_wrong_instance_is_told_apart(server, monkeypatch):
    def resolve(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with paligo(instance="nobody") as client:
        result = client.verify()
    assert isinstance(result.error, DnsError)
    assert result.part == "Paligo Instance Name"
    assert "Check Paligo Instance Name" in result.message


def test_a_web_page_instead_of_an_api_is_a_yes_with_a_warning_that_points_to_the_address(emulator):
    emulator.fault("html", status=200)
    with paligo() as client:
        result = client.verify()
    assert (result.ok, result.error, result.status) == (True, None, 200)
    assert "was answered with a web page. Check Paligo Instance Name" in result.message


def test_an_account_without_the_right(emulator):
    emulator.fault("status", status=403)
    with paligo() as client:
        result = client.verify()
    assert (result.ok, result.part, result.status) == (False, None, 403)
    assert "lacks the right" in result.message


def test_a_busy_provider_says_when_to_try_again(emulator):
    emulator.fault("status", status=429, headers={"Retry-After": "42"})
    with paligo() as client:
        result = client.verify()
        assert not result.ok
        assert "Try again in 42 seconds" in result.message
        again = client.verify()  # the budget is closed now, so nothing is sent
    assert "Try again in 4" in again.message
    assert len(emulator.log) == 1


def test_one_hiccup_of_the_network_is_forgiven(emulator):
    emulator.fault("reset", times=1)
    with paligo() as client:
        assert client.verify().ok


def test_two_hiccups_are_not(emulator):
    emulator.fault("reset", times=2)
    with paligo() as client:
        result = client.verify()
    assert (result.ok, result.status, result.part) == (False, None, None)


def test_a_definition_that_names_nothing_is_not_tested(server, client_to):
    result = client_to().verify()
    assert (result.ok, result.tested) == (True, False)
    assert server.seen == []


def test_endpoints_are_asked_in_order_until_one_says_yes(server, client_to, replies):
    server.script = [replies(status=401), replies(status=204)]
    client = client_to(proxy={"verification": {"endpoints": ["/a", "/b", "/c"]}})
    result = client.verify()
    assert (result.ok, result.endpoint, result.status) == (True, "/b", 204)
    assert [seen.target for seen in server.seen] == ["/a", "/b"]


def test_a_request_that_cannot_be_built_is_a_result_too(client_to):
    client = client_to(base_url="http://${connectionConfig.place}.acme.example", **ASK)
    result = client.verify()
    assert not result.ok
    assert "place" in result.message


def test_the_definitions_own_verification_host_may_be_called(server, other_server, client_to):
    settings = {"endpoints": ["/me"], "base_url_override": other_server.url}
    client = client_to(proxy={"verification": settings})
    assert client.verify().ok
    assert [seen.target for seen in other_server.seen] == ["/me"]
    with pytest.raises(connectors.HostRefused):
        client.get("/me", base_url_override=other_server.url)


class ScriptedTransport:
    """Takes the place of the network: notes requests, and answers all with one status."""

    total_timeout = 1.0

    def __init__(self, status):
        self.status = status
        self.sent = []

    def send(self, request, *, stream, max_bytes):
        self.sent.append(request)
        return ScriptedAnswer(self.status)


class ScriptedAnswer:
    def __init__(self, status):
        self.status = status
        self.headers = {}

    def read(self):
        return b""

    def read_start(self, size):
        return b""


def test_what_is_asked_of_a_definition_without_limits_costs_no_budget(connection_to):
    transport = ScriptedTransport(204)
    connection = connection_to("https://api.acme.example", **ASK)
    assert Client(connection, transport=transport).verify().ok
    assert [request.url for request in transport.sent] == ["https://api.acme.example/me"]
