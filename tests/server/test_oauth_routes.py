"""Consent in a pop-up: off to the provider, back to the callback, and the page that waits is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from websockets.sync.client import ClientConnection, connect

from tests.authorization_server.accounts import CLIENTS, SUBMITTED
from tests.authorization_server.definitions import definitions
from tests.authorization_server.server import AuthorizationServer
from tests.server.conftest import Served

PUBLIC = "http://localhost:3003"


@pytest.fixture
def authorization() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, str], authorization: AuthorizationServer, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "oauth.yaml"
    file.write_text(definitions(authorization.url), "utf-8")
    return {**settings, "CONNECTORS_PROVIDERS": str(file), "CONNECTORS_PUBLIC_URL": PUBLIC}


@pytest.fixture
def ready(served: Served) -> Served:
    for key, client in CLIENTS.items():
        given = {"type": "OAUTH1" if key == "three-legged" else "OAUTH2", **client}
        made = served.post("/integrations", {"provider": key, "unique_key": key, "credentials": given})
        assert made.status_code == 200, made.text
        assert client["client_secret"] not in made.text
    return served


@pytest.fixture
def page(served: Served) -> Iterator[tuple[ClientConnection, str]]:
    """A page that waits, and the id that it was given."""
    with connect(served.url.replace("http", "ws")) as socket:
        acknowledged = json.loads(socket.recv(10))
        assert acknowledged["message_type"] == "connection_ack"
        yield socket, acknowledged["ws_client_id"]


def session(served: Served) -> str:
    body = {"end_user": {"id": "u1"}}
    return str(served.post("/connect/sessions", body).json()["data"]["token"])


def begin(served: Served, browser: requests.Session, key: str, page: str = "") -> requests.Response:
    url = f"{served.url}/oauth/connect/{key}?connect_session_token={session(served)}&ws_client_id={page}"
    return browser.get(url, allow_redirects=False, timeout=10)


def back(served: Served, browser: requests.Session, location: str) -> requests.Response:
    """The provider sends the browser to the public address; the test's server is elsewhere."""
    assert location.startswith(f"{PUBLIC}/oauth/callback?")
    cookies = {cookie.name: cookie.value for cookie in browser.cookies}
    return browser.get(served.url + location.removeprefix(PUBLIC), cookies=cookies, timeout=10)


@pytest.mark.parametrize("key", ["consenting", "three-legged"])
def test_a_consent_ends_in_a_connection_and_the_page_is_told(
    ready: Served, page: tuple[ClientConnection, str], key: str
) -> None:
    socket, id_ = page
    browser = requests.Session()
    off = begin(ready, browser, key, id_)
    assert off.status_code == 302, off.text
    cookie = off.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    consent = requests.get(off.headers["Location"], allow_redirects=False, timeout=10)
    done = back(ready, browser, consent.headers["location"])
    assert (done.status_code, done.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    told = json.loads(socket.recv(10))
    assert told["message_type"] == "success"
    assert told["provider_config_key"] == key
    got = ready.get(f"/connections/{told['connection_id']}?provider_config_key={key}").json()
    assert got["credentials"]["type"] == ("OAUTH1" if key == "three-legged" else "OAUTH2")
    assert got["end_user"]["id"] == "u1"


def test_a_browser_that_did_not_begin_it_cannot_end_it(ready: Served) -> None:
    mine = requests.Session()
    off = begin(ready, mine, "consenting")
    consent = requests.get(off.headers["Location"], allow_redirects=False, timeout=10)
    refused = back(ready, requests.Session(), consent.headers["location"])
    assert refused.status_code == 400
    assert ready.get("/connections").json() == {"connections": []}
    assert back(ready, mine, consent.headers["location"]).status_code == 200


def test_a_consent_is_used_once(ready: Served) -> None:
    browser = requests.Session()
    consent = requests.get(begin(ready, browser, "consenting").headers["Location"], allow_redirects=False, timeout=10)
    cookies = dict(browser.cookies)
    assert back(ready, browser, consent.headers["location"]).status_code == 200
    browser.cookies.update(cookies)
    assert back(ready, browser, consent.headers["location"]).status_code == 400


def test_a_provider_that_says_no_is_told_to_the_page(ready: Served, page: tuple[ClientConnection, str]) -> None:
    socket, id_ = page
    browser = requests.Session()
    off = begin(ready, browser, "consenting", id_)
    state = dict(parse_qsl(urlsplit(off.headers["Location"]).query))["state"]
    done = back(ready, browser, f"{PUBLIC}/oauth/callback?error=access_denied&state={state}")
    assert done.status_code == 400
    told = json.loads(socket.recv(10))
    assert (told["message_type"], told["error_type"]) == ("error", "callback_err")
    assert told["error_desc"]


def test_an_unknown_integration_is_told_to_the_page(ready: Served, page: tuple[ClientConnection, str]) -> None:
    socket, id_ = page
    assert begin(ready, requests.Session(), "nope", id_).status_code == 404
    assert json.loads(socket.recv(10))["error_type"] == "unknown_provider_config"


@pytest.mark.parametrize("state", ["", "x", "%00", "%ff", "a" * 5000])
def test_a_made_up_return_is_a_page_that_says_no(ready: Served, state: str) -> None:
    refused = ready.session.get(f"{ready.url}/oauth/callback?state={state}&code=1", timeout=10)
    assert refused.status_code == 400
    assert refused.headers["Content-Type"].startswith("text/html")


def test_pages_run_no_script_but_their_own(ready: Served) -> None:
    said = "<script>alert(1)</script>"
    browser = requests.Session()
    state = dict(parse_qsl(urlsplit(begin(ready, browser, "consenting").headers["Location"]).query))["state"]
    denied = f"{PUBLIC}/oauth/callback?error=x&error_description={said}&state={state}"
    answer = back(ready, browser, denied)
    assert said not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "key"), [("/oauth2/auth", "machine"), ("/auth/two-step", "stepping"), ("/auth/jwt", "signing")]
)
def test_modes_with_tokens_connect_from_a_page(ready: Served, path: str, key: str) -> None:
    made = ready.post("/integrations", {"provider": key, "unique_key": key})
    assert made.status_code == 200, made.text
    given = {name: value.decode() if isinstance(value, bytes) else value for name, value in SUBMITTED[key].items()}
    url = f"{ready.url}{path}/{key}?connect_session_token={session(ready)}"
    answer = ready.session.post(url, json=given, timeout=10)
    assert answer.status_code == 200, answer.text
    got = ready.get(f"/connections/{answer.json()['connectionId']}?provider_config_key={key}").json()
    assert got["credentials"]["token"]
    wrong = {**given, **dict.fromkeys([name for name in given if "secret" in name or "password" in name], "wrong")}
    if wrong != given:
        refused = ready.session.post(url, json=wrong, timeout=10)
        assert refused.status_code == 400, refused.text
        assert refused.json()["error"]["code"]
        assert "wrong" not in refused.text


def test_tokens_that_somebody_else_obtained_are_imported(ready: Served) -> None:
    body = {
        "provider_config_key": "consenting",
        "connection_id": "moved",
        "credentials": {"type": "OAUTH2", "access_token": "at", "refresh_token": "rt"},
    }
    made = ready.post("/connections", body)
    assert made.status_code == 201, made.text
    assert made.json()["credentials"]["access_token"] == "at"
    del body["credentials"]["access_token"]  # type: ignore[attr-defined]
    assert ready.post("/connections", body).json()["error"]["code"] == "invalid_body"
