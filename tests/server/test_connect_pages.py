"""The connect form's own endpoints: whom they serve, what they never say, and how the page is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.server.connect.languages import chosen, language, languages
from tests.server.conftest import Served

PLACES = re.compile(r"\{(\w+)\}")
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def begun(served: Served, provider: tuple[str, Any]) -> Callable[..., dict[str, str]]:
    """Begins a session, and gives the header that its script sends."""
    for key, name in (("plain", "plain"), ("pair", "pair"), ("other", "plain")):
        served.host.integrations.create("dev", key, provider=name)

    def begin(*allowed: str, **terms: Any) -> dict[str, str]:
        body = {"tags": {}, "allowed_integrations": list(allowed), **terms}
        return {"Authorization": f"Bearer {served.post('/connect/sessions', body).json()['data']['token']}"}

    return begin


def attempt(served: Served, headers: dict[str, str], key: str, **body: Any) -> requests.Response:
    return requests.post(f"{served.url}/connect/attempt/{key}", json=body, headers=headers, timeout=30)


def test_an_account_is_linked_and_values_travel_in_the_body_only(
    served: Served, provider: tuple[str, Any], begun: Any
) -> None:
    answer = attempt(
        served, begun("plain"), "plain", connection_config={"base": provider[0]}, credentials={"apiKey": "right"}
    )
    assert (answer.status_code, answer.json()["providerConfigKey"]) == (200, "plain")
    assert served.host.connections.get("dev", answer.json()["connectionId"], "plain").verified_at is not None


def test_a_failure_says_what_is_wrong_and_holds_no_value(served: Served, provider: tuple[str, Any], begun: Any) -> None:
    given = {"connection_config": {"base": provider[0]}, "credentials": {"apiKey": "wrong"}}
    answer = attempt(served, begun("plain"), "plain", **given)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "connection_test_failed")
    assert error["payload"] == {
        "sentence": "Plain does not accept these details. Please check “Key”.",
        "fields": {"field-1": "Please check Key."},
    }
    unfit = attempt(served, begun("plain"), "plain", credentials={"apiKey": "s3cret\x07"}).json()["error"]
    assert set(unfit["payload"]["fields"]) == {"field-0", "field-1"}
    assert "s3cret" not in str(unfit)


def test_a_session_opens_nothing_but_its_own(served: Served, provider: tuple[str, Any], begun: Any) -> None:
    headers = begun("plain")
    given = {"connection_config": {"base": provider[0]}, "credentials": {"apiKey": "right"}}
    assert attempt(served, headers, "other", **given).json()["error"]["code"] == "integration_not_allowed"
    asked = requests.get(f"{served.url}/connect/screen?integration=other", headers=headers, timeout=10)
    assert asked.json()["screen"] == "nothing"
    for path in ("/connections", "/connect/sessions", "/sync/status", "/records"):
        answer = requests.get(f"{served.url}{path}", headers=headers, timeout=10, allow_redirects=False)
        assert answer.status_code in (302, 303, 401, 405), path


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer nonsense"}])
def test_without_a_session_there_is_nothing(served: Served, begun: Any, given: dict[str, str]) -> None:
    for headers in (given, {"Authorization": f"Bearer {served.key}"}):
        assert requests.get(f"{served.url}/connect/screen", headers=headers, timeout=10).status_code == 401
        assert attempt(served, headers, "plain").status_code == 401


def test_the_account_that_is_linked_again_is_shown_without_its_secrets(
    served: Served, begun: Any, connected: Any, provider: tuple[str, Any]
) -> None:
    connected("one")
    body = {"connection_id": "one", "integration_id": "plain"}
    token = served.post("/connect/sessions/reconnect", body).json()["data"]["token"]
    html = requests.get(
        f"{served.url}/connect/screen", headers={"Authorization": f"Bearer {token}"}, timeout=10
    ).json()["html"]
    assert f'value="{provider[0]}"' in html
    assert "right" not in re.findall(r'value="([^"]*)"', html)


@pytest.mark.parametrize("settings_more", ["", "https://app.example.com, http://*.example.org:8080/"])
def test_the_page_is_framed_only_by_who_is_named(
    settings: dict[str, str], settings_more: str, request: pytest.FixtureRequest
) -> None:
    settings["CONNECTORS_FRAME_ORIGINS"] = settings_more
    served: Served = request.getfixturevalue("served")
    answer = requests.get(f"{served.url}/connect/?apiURL=https://x.example&anything=1", timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    ancestors = "https://app.example.com http://*.example.org:8080" if settings_more else "'none'"
    assert f"frame-ancestors {ancestors}" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_no_other_origin_reads_what_the_form_reads(served: Served, begun: Any) -> None:
    headers = {**begun("plain"), "Origin": "https://evil.example"}
    for path in ("/connect/", "/connect/screen"):
        answer = requests.get(f"{served.url}{path}", headers=headers, timeout=10)
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    refused = requests.options(f"{served.url}/connect/attempt/plain", headers=asks, timeout=10)
    assert refused.status_code == 405
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_a_browser_is_refused_by_a_page_and_a_program_by_the_envelope(served: Served) -> None:
    page = requests.get(f"{served.url}/nowhere", headers=BROWSER, timeout=10)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing is here" in page.text
    assert requests.get(f"{served.url}/nowhere", timeout=10).json()["error"]["code"] == "not_found"


def test_assets_are_kept_for_good_by_their_version(served: Served) -> None:
    page = requests.get(f"{served.url}/connect/", timeout=10).text
    for path in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page):
        answer = requests.get(served.url + path, timeout=10)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert requests.get(f"{served.url}/assets/..%2Fpage.py", timeout=10).status_code in (400, 404)


@pytest.mark.parametrize("code", languages())
def test_each_language_says_everything_with_the_same_places(code: str) -> None:
    english, other = language("en"), language(code)
    assert other.words.keys() == english.words.keys()
    for key, sentence in english.words.items():
        assert sorted(PLACES.findall(other.words[key])) == sorted(PLACES.findall(sentence)), key


@pytest.mark.parametrize(
    ("asked", "accepted", "code"),
    [
        ("de-AT", "fr", "de"),
        ("", "ja, fr-CH;q=0.9, de;q=0.8", "fr"),
        ("xx", "de;q=0, en", "en"),
        ("", "", "en"),
        ("../de", "\x00;q=9", "en"),
    ],
)
def test_the_language_is_what_the_page_asks_for_or_the_browser(asked: str, accepted: str, code: str) -> None:
    assert chosen(asked, accepted).code == code
