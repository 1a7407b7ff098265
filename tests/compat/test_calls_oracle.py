"""Redirects, outcomes and credential checks against executed cases of the reference runtime.

The cases are not part of this repository: CONNECTORS_ORACLE names their folder,
CONNECTORS_REFERENCE_PROVIDERS the reference's definition file.
"""

import gzip
import json
import os
from pathlib import Path

import pytest
from requests.structures import CaseInsensitiveDict

from connectors import AnswerError, CallError, Catalog, Client, Connection, HostRefused, Provider, RedirectRefused
from connectors.testing import FakeClock

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(os.environ.get("CONNECTORS_ORACLE") or ROOT.parent / "shared" / "nango" / "oracle")
PROVIDERS = Path(os.environ.get("CONNECTORS_REFERENCE_PROVIDERS") or "/nonexistent")
MODES = {"API_KEY", "BASIC", "NONE"}
HOSTS = {"SERVER_A": "server-a.example.com", "SERVER_B": "server-b.example.com"}
NOT_COMPARED = {"user-agent", "accept-encoding", "content-length"}  # the HTTP client's own


def cases(name):
    path = ORACLE / f"{name}.json.gz"
    if not path.exists():
        pytest.skip("the executed cases are not beside this checkout; CONNECTORS_ORACLE names their folder")
    text = gzip.decompress(path.read_bytes()).decode()
    for placeholder, host in HOSTS.items():
        text = text.replace(placeholder, host)
    return json.loads(text)["cases"]


class Answer:
    def __init__(self, status, headers=None, body=b""):
        self.status = status
        self.headers = CaseInsensitiveDict(headers or {})
        self.body = body

    def read(self):
        return self.body

    def read_start(self, size):
        return self.body[:size]

    def close(self):
        pass


class Transport:
    """Takes the place of the network: notes requests, gives the script's answers, then 200."""

    total_timeout = 1.0

    def __init__(self, script, last):
        self.script = list(script)
        self.last = last
        self.sent = []

    def send(self, request, *, stream, max_bytes):
        self.sent.append(request)
        return self.script.pop(0) if self.script else self.last


def answer(step):
    body = step.get("body", b"")
    octets = body.encode() if isinstance(body, str) else body or b""
    return Answer(step["status"], step.get("headers"), octets)


def test_redirects_and_outcomes_are_the_references():
    compared = 0
    for case in cases("wire"):
        if case["definition"]["auth_mode"] not in MODES | {"OAUTH2"} or "files" in case["request"]:
            continue
        definition = {**case["definition"], "auth_mode": "API_KEY"}
        credentials = {**case["credentials"], "type": case["definition"]["auth_mode"]}
        if case["definition"]["auth_mode"] == "OAUTH2":  # the same header by a mode that we have
            definition["proxy"]["headers"] = {
                **definition["proxy"]["headers"],
                "authorization": "Bearer ${access_token}",
            }
            credentials["type"] = "API_KEY"
        transport = Transport([answer(step) for step in case["server_script"]], Answer(200))
        connection = Connection(Provider("s", definition, "oracle"), {}, credentials)
        given = case["request"]
        client = Client(connection, transport=transport, clock=FakeClock())
        expected = case["expected"]
        try:
            response = client.request(
                given["method"], given["endpoint"], headers=given.get("headers"), data=given.get("data"), retries=0
            )
            found = {"ok": True, "status": response.status}
        except AnswerError as error:
            found = {"ok": False, "status": error.status}
        except CallError as error:
            assert isinstance(error, RedirectRefused), case["id"]
            found = {"ok": False, "status": None}
        assert found == {key: expected["result"][key] for key in found}, case["id"]
        wire = expected["requests_on_wire"]
        if case["id"] == "redirect-loop":  # we stop after 5, as the reference does under its outbound policy
            wire = wire[:6]
        assert len(transport.sent) == len(wire), case["id"]
        for sent, want in zip(transport.sent[1:], wire[1:], strict=True):
            headers = {name.lower(): value for name, value in want["headers"].items()}
            host = headers.pop("host")
            assert (sent.method, sent.url) == (want["method"], f"http://{host}{want['path']}"), case["id"]
            ours = {name: value for name, value in sent.headers.items() if name not in NOT_COMPARED}
            assert ours == {name: value for name, value in headers.items() if name not in NOT_COMPARED}, case["id"]
            assert (sent.body or b"").decode() == want["body"], case["id"]
        compared += 1
    assert compared >= 20


@pytest.fixture(scope="module")
def reference():
    if not PROVIDERS.exists():
        pytest.skip("CONNECTORS_REFERENCE_PROVIDERS does not name the reference's providers.yaml")
    return Catalog([PROVIDERS])


def breaks_host_position(case, provider):
    """Rule `host-position`: a value that stands for the host holds more than a host."""
    in_host = (provider.base_url or "").partition("://")[2].partition("/")[0]
    return any("/" in value for name, value in case["connection_config"].items() if f".{name}}}" in in_host)


def check(case, provider):
    statuses = case.get("response_statuses") or []
    transport = Transport([Answer(status) for status in statuses], Answer(case.get("response_status", 200)))
    connection = Connection(provider, case["connection_config"], case["credentials"])
    result = Client(connection, transport=transport, clock=FakeClock()).verify()
    if breaks_host_position(case, provider):
        assert isinstance(result.error, HostRefused), case["id"]
        return
    expected = case["expected"]
    assert [(sent.method, sent.url) for sent in transport.sent] == [
        (want["method"], want["url"]) for want in expected["requests"]
    ], case["id"]
    for sent, want in zip(transport.sent, expected["requests"], strict=True):
        headers = {name.lower(): value for name, value in want["headers"].items()}
        assert headers.items() <= {**sent.headers}.items(), case["id"]
        assert (sent.body or b"").decode() == (want["body"] or ""), case["id"]
    assert result.ok is expected["valid"], case["id"]


def test_credential_checks_of_plain_definitions_are_the_references():
    plain = [case for case in cases("verification") if "definition" in case]
    assert plain
    for case in plain:
        check(case, Provider("case", case["definition"], "oracle"))


def test_credential_checks_of_the_references_providers_are_the_same(reference):
    compared = 0
    for case in cases("verification"):
        if "definition" in case or case["auth_mode"] not in MODES:
            continue
        check(case, reference.get(case["provider"]))
        compared += 1
    assert compared > 200
