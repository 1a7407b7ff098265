"""Hostile values in every field: a clear error or a correct request, and never another host."""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors
from connectors import ConnectorError
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator

INSTANCES = [
    "evil.com/#",
    "evil.com/",
    "evil.com?",
    "a@b",
    "a:b@evil.com",
    "evil.com\\",
    "a.b",
    "..",
    ".",
    "",
    " ",
    "a b",
    "a\nb",
    "a\r\nHost: evil.com",
    "a\tb",
    "a\0b",
    "a\u3002evil",
    "a\uff0ecom",
    "\u212a",
    "xn--",
    "x" * 64,
    "x" * 10_240,
    "${apiKey}",
    "a||b",
    "%2e",
    "%00",
    "127.0.0.1",
    "[::1]",
    "localhost",
    "-a",
    "a-",
    "A",
    "\u0131",
    "e\u0301",
    "😀",
    "https://evil.com",
    "https://evil.com/.paligoapp.com",
    "https://paligoapp.com",
    "//evil.com",
    "http://acme.paligoapp.com",
    "https://u:p@acme.paligoapp.com",
    "https://acme.paligoapp.com:8443",
    "https://acme.paligoapp.com.evil.com",
    None,
    7,
    ["a"],
    {"a": 1},
    True,
]
KEYS = [
    "||",
    "a||b",
    "${x}",
    "${apiKey}",
    "a:b",
    ":",
    "😀",
    "k\u00e9y",
    "a b",
    "a\nb",
    "a\r\nX: y",
    "a\0b",
    "",
    " ",
    "x" * 10_240,
    "\ud800",
    '"',
    "\\",
    "a" * 1024,
    None,
    7,
    ["a"],
    "base64(x)",
    "${base64(${username})}",
    "%0d%0a",
    "\u2028",
]
USERNAMES = [
    *KEYS,
    "a@b",
    "me@acme.example\nX: y",
    "me@acme.example:",
    "a:b@acme.example",
    "${apiKey}@acme.example",
    "@",
]


@pytest.fixture(scope="module")
def emulator():
    with Emulator(Account.generate(documents=3)) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment().items():
            patch.setenv(name, value)
        yield running


def outcome(emulator, instance=INSTANCE, username=USERNAME, key=API_KEY):
    """Connect and call: "refused" by us, or the request that went out."""
    emulator.reset_log()
    seen = []
    respond = emulator.respond

    def listening(request):
        seen.append(request)
        return respond(request)

    emulator.respond = listening
    try:
        with connectors.connect("paligo", {"instance": instance, "username": username}, {"apiKey": key}) as paligo:
            paligo.get("/api/v2/groups", raise_for_status=False)
    except ConnectorError as error:
        assert error.message
        assert error.next_step
        if isinstance(key, str) and len(key) >= 4:
            assert key not in str(error.to_dict())
        verdict = "refused"
    else:
        verdict = "sent"
    finally:
        del emulator.respond
    for entry in emulator.log:
        assert entry.method != "CONNECT", f"another host was asked for: {entry.path}"
    for request in seen:
        assert request.host.endswith(".paligoapp.com")
        assert request.host.count(".") == 2
        expected = base64.b64encode(f"{username.strip()}:{key.strip()}".encode()).decode()
        assert request.authorization == f"Basic {expected}"
    if verdict == "sent":
        assert seen
    return verdict


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda value: repr(value)[:30])
def test_a_hostile_instance_never_reaches_another_host(emulator, instance):
    outcome(emulator, instance=instance)


@pytest.mark.parametrize("key", KEYS, ids=lambda value: repr(value)[:30])
def test_a_hostile_key_is_refused_or_sent_exactly(emulator, key):
    outcome(emulator, key=key)


@pytest.mark.parametrize("username", USERNAMES, ids=lambda value: repr(value)[:30])
def test_a_hostile_username_is_refused_or_sent_exactly(emulator, username):
    outcome(emulator, username=username)


def test_values_that_look_like_templates_are_sent_as_they_are(emulator):
    assert outcome(emulator, key="a||b${apiKey}") == "sent"


def test_a_pasted_address_is_understood(emulator):
    assert outcome(emulator, instance=f"https://{INSTANCE}.paligoapp.com/document/edit/7?x=1#y") == "sent"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instance=st.text(max_size=40), key=st.text(max_size=40))
def test_no_text_at_all_reaches_another_host(emulator, instance, key):
    outcome(emulator, instance=instance, key=key)


ENDPOINTS = [
    "//evil.com/x",
    "https://evil.com/x",
    "\\\\evil.com\\x",
    "/\\evil.com",
    "@evil.com/x",
    ":8080/x",
    ".evil.com/x",
    "/../../x",
    "/x\r\nHost: evil.com",
    "/x y",
    "/\u00e9",
    "/x\0y",
    "?x=1",
    "#x",
    "",
    "/%2e%2e/x",
    "/a||b",
    "https://connectors-emulator.paligoapp.com.evil.com/x",
    "https://connectors-emulator.paligoapp.com@evil.com/",
]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=repr)
def test_a_hostile_endpoint_never_reaches_another_host_and_never_carries_the_key(emulator, endpoint):
    emulator.reset_log()
    with connectors.connect("paligo", {"instance": INSTANCE, "username": USERNAME}, {"apiKey": API_KEY}) as paligo:
        try:
            paligo.get(endpoint, raise_for_status=False)
        except ConnectorError as error:
            assert API_KEY not in str(error.to_dict())
    for entry in emulator.log:
        assert entry.method != "CONNECT"
        assert API_KEY not in entry.path


def test_a_whole_address_on_the_accounts_own_host_is_called_as_it_stands(emulator):
    with connectors.connect("paligo", {"instance": INSTANCE, "username": USERNAME}, {"apiKey": API_KEY}) as paligo:
        first = paligo.get(f"https://{INSTANCE}.paligoapp.com/api/v2/groups?page=1&per_page=1").json()
        assert first["groups"]
        assert paligo.get(first["next_page"]).json()["page"] == 2


def test_a_whole_address_elsewhere_is_refused_before_anything_is_sent(emulator):
    emulator.reset_log()
    with connectors.connect("paligo", {"instance": INSTANCE, "username": USERNAME}, {"apiKey": API_KEY}) as paligo:
        for address in ("https://evil.example/x", f"http://{INSTANCE}.paligoapp.com/x", "https://u:p@evil.example/"):
            with pytest.raises((connectors.HostRefused, connectors.InvalidUrl)):
                paligo.get(address)
    assert emulator.log == []
