"""`connectors connect` with a person's consent: a real authorization server, a real callback on this machine."""

from __future__ import annotations

import json
import queue
import re
import socket
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest

from connectors.engine.host import Host
from connectors.engine.settings import Settings
from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.oauth1 import CONSUMER_KEY, CONSUMER_SECRET
from tests.authorization_server.oauth2 import CLIENT_ID, CLIENT_SECRET

CONSENTING = ("connect", "consenting", "--port", "0")


class Browser:
    """Opens an address in the background, follows where it leads, and keeps the pages."""

    def __init__(self):
        self.opened: list[str] = []
        self.pages: list[tuple[int, str]] = []
        self.before = lambda url: url
        self._threads: list[threading.Thread] = []

    def open(self, url):
        self.opened.append(url)
        self._threads.append(threading.Thread(target=self._visit, args=(url,), daemon=True))
        self._threads[-1].start()
        return True

    def _visit(self, url):
        self.pages.append(get(self.before(url)))

    def wait(self):
        for thread in self._threads:
            thread.join(20)
        return self.pages


def get(url):
    try:
        with urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def query_of(url):
    return dict(parse_qsl(urlsplit(url).query))


@pytest.fixture
def server(monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with AuthorizationServer() as running:
        yield running


@pytest.fixture
def options(server, tmp_path, monkeypatch, run):
    """The options that name the definitions; the integrations have their clients."""
    monkeypatch.setenv("CONNECTORS_ALLOW_PRIVATE_HOSTS", "on")
    file = tmp_path / "definitions.yaml"
    file.write_text(definitions(server.url))
    clients = {"consenting": (CLIENT_ID, CLIENT_SECRET), "three-legged": (CONSUMER_KEY, CONSUMER_SECRET)}
    for name, (client_id, secret) in clients.items():
        given = ("--provider", name, "--client-id", client_id, "--client-secret", "@-")
        run("--providers", str(file), "integrations", "create", name, *given, stdin=secret)
    return ("--providers", str(file))


@pytest.fixture
def browser(monkeypatch):
    made = Browser()
    monkeypatch.setattr(webbrowser, "open", made.open)
    return made


def credentials_of(home, options, id):
    settings = Settings.load({"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on"}, home=home)
    with Host.open(settings, providers=[Path(options[1])]) as host:
        return host.connections.open(host.connections.get("dev", id)).credentials


def listed(run, options):
    return json.loads(run(*options, "connections", "list", "--json").stdout)


def test_a_person_consents_and_the_account_can_be_called(run, options, browser):
    result = run(*options, *CONSENTING, "--id", "acme")
    assert "Connected: acme (Consenting" in result.stdout
    asked = query_of(browser.opened[0])
    assert (asked["client_id"], asked["scope"]) == (CLIENT_ID, "read")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", asked["redirect_uri"])
    ((status, page),) = browser.wait()
    assert (status, "acme is connected" in page) == (200, True)
    called = run(*options, "proxy", "GET", "/me", "--connection", "acme")
    assert json.loads(called.stdout) == {"you": "are known"}


def test_oauth1_takes_the_same_way(run, options, browser):
    assert "Connected: old" in run(*options, "connect", "three-legged", "--id", "old", "--port", "0").stdout
    called = run(*options, "proxy", "GET", "/me", "--connection", "old")
    assert json.loads(called.stdout) == {"you": "are known"}


def test_no_secret_shows_in_the_terminal_or_the_browser(run, options, browser, home):
    result = run(*options, *CONSENTING, "--json")
    shown = result.output + "".join(page for _, page in browser.wait())
    credentials = credentials_of(home, options, "consenting")
    for secret in (CLIENT_SECRET, credentials["access_token"], credentials["refresh_token"]):
        assert secret not in shown
    assert json.loads(result.stdout)["id"] == "consenting"


def test_a_no_is_told_in_both_places_and_stores_nothing(run, options, server, browser):
    no = {"error": "access_denied", "error_description": "The <user> said no"}
    server.grants.authorize = lambda params: {**no, "state": params["state"]}
    result = run(*options, *CONSENTING, code=2)
    assert "error [consent_refused]" in result.stderr
    assert "The <user> said no" in result.stderr
    ((status, page),) = browser.wait()
    assert (status, "The &lt;user&gt; said no" in page) == (400, True)
    assert listed(run, options) == []


def test_a_token_endpoint_that_refuses_is_told_in_both_places(run, options, server, browser):
    server.refuses = (400, {"error": "invalid_grant", "client": CLIENT_SECRET})
    result = run(*options, *CONSENTING, code=4)
    assert "error [token_refused]" in result.stderr
    ((status, page),) = browser.wait()
    assert (status, "Not connected" in page) == (400, True)
    assert CLIENT_SECRET not in result.output + page
    assert listed(run, options) == []


def test_somebody_elses_state_is_refused_and_the_waiting_goes_on(run, options, server, browser):
    answers = []

    def forged(url):
        answers.append(get(f"{query_of(url)['redirect_uri']}?code=stolen&state=forged"))
        return url

    browser.before = forged
    assert "Connected: consenting" in run(*options, *CONSENTING).stdout
    assert [status for status, _ in answers] == [400]
    assert server.asked == ["authorization_code"]


def test_a_browser_that_runs_until_it_was_answered_is_answered(run, options, monkeypatch):
    answers: queue.Queue[tuple[int, str]] = queue.Queue()

    def in_the_foreground(url):
        answers.put(get(url))
        return True

    monkeypatch.setattr(webbrowser, "open", in_the_foreground)
    assert "Connected: consenting" in run(*options, *CONSENTING).stdout
    assert answers.get(timeout=10)[0] == 200


def test_an_integration_that_was_not_named_is_pointed_to(run, options):
    run(*options, "integrations", "create", "mine", "--provider", "consenting", "--client-id", "id")
    run(*options, "integrations", "delete", "consenting", "--yes")
    assert "Add --integration mine" in run(*options, *CONSENTING, code=2).stderr


def test_nobody_who_comes_back_ends_the_waiting_in_time(run, options, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    result = run(*options, *CONSENTING, "--timeout", "1", code=2)
    assert "error [consent_refused]" in result.stderr
    assert "--timeout SECONDS waits longer" in result.stderr


def test_without_a_browser_the_address_is_printed_for_one_elsewhere(options, home):
    command = [sys.executable, "-m", "connectors", *options, *CONSENTING, "--no-browser", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = next(line.strip() for line in process.stderr if line.strip().startswith("http"))
        assert get(url)[0] == 200
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert json.loads(out)["id"] == "consenting"


def test_a_callback_address_of_ones_own_is_registered_and_its_path_listened_to(run, options, browser):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}/oauth/back"
    run(*options, "connect", "consenting", "--port", str(port), "--callback-url", address)
    assert query_of(browser.opened[0])["redirect_uri"] == address


@pytest.mark.parametrize(
    "address", ["not an address", "ftp://x/y", "https://x.example/cb?x=1", "https://", "http://[/"]
)
def test_a_callback_address_that_cannot_be_is_refused(run, options, browser, address):
    assert "callback address" in run(*options, *CONSENTING, "--callback-url", address, code=2).stderr
    assert browser.opened == []


def test_an_integration_without_a_client_says_how_to_give_one(run, options, browser):
    result = run(*options, *CONSENTING, "--integration", "new", code=2)
    assert "error [integration_incomplete]" in result.stderr
    create = f"connectors --providers {options[1]} integrations create new --provider consenting --client-id"
    assert create in result.stderr
    run(*options, "integrations", "update", "consenting", "--client-id", "")
    assert "integrations update consenting --client-id" in run(*options, *CONSENTING, code=2).stderr
    assert browser.opened == []


def test_connecting_again_keeps_metadata_and_renews_the_token(run, options, browser, home):
    run(*options, *CONSENTING, "--metadata", "note=1")
    before = credentials_of(home, options, "consenting")["access_token"]
    assert "Connected again: consenting" in run(*options, *CONSENTING).stdout
    assert credentials_of(home, options, "consenting")["access_token"] != before
    assert listed(run, options)[0]["metadata"] == {"note": 1}
