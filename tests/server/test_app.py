"""The frame: who is let in, how a refusal looks, what every answer carries."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.server.conftest import Served

NOBODY = "11111111-1111-4111-8111-111111111111"


def test_health_needs_no_key(served: Served) -> None:
    answer = served.session.get(f"{served.url}/health", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"result": "ok"})


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_auth_header"),
        ("", "malformed_auth_header"),
        ("Basic abc", "malformed_auth_header"),
        ("Bearer", "malformed_auth_header"),
        ("Bearer abc", "invalid_secret_key_format"),
        ("Bearer 11111111-1111-1111-8111-111111111111", "invalid_secret_key_format"),
        (f"Bearer {NOBODY}", "unknown_account"),
    ],
)
def test_without_a_key_that_somebody_has_it_is_401(served: Served, header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = served.session.get(f"{served.url}/connections", headers=headers, timeout=10)
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert (error["code"], error["payload"]) == (code, {})
    assert error["message"]


def test_a_key_is_taken_in_any_case_of_its_letters(served: Served) -> None:
    assert served.get("/connections", key=served.key.upper()).status_code == 200


def test_a_revoked_key_is_refused_at_once(served: Served) -> None:
    made = served.host.environments.add_key("dev", name="second")
    assert served.get("/connections", key=made.key).status_code == 200
    served.host.environments.revoke("dev", made.id)
    assert served.get("/connections", key=made.key).json()["error"]["code"] == "unknown_account"


def test_a_rotated_key_stays_good_for_its_grace_only(served: Served) -> None:
    first = served.host.environments.keys("dev")[0].id
    newer = served.host.environments.rotate("dev", first, grace=60)
    assert served.get("/connections").status_code == 200
    assert served.get("/connections", key=newer.key).status_code == 200
    newest = served.host.environments.rotate("dev", newer.id)
    assert served.get("/connections", key=newer.key).status_code == 401
    assert served.get("/connections", key=newest.key).status_code == 200


def test_a_limited_key_may_do_only_that(served: Served) -> None:
    limited = served.host.environments.add_key("dev", name="reader", scopes=["connections:read"]).key
    assert served.get("/connections", key=limited).status_code == 200
    refused = served.post("/integrations", {"provider": "plain", "unique_key": "x"}, key=limited)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


def test_a_key_without_that_scope_reads_no_credentials(served: Served, connected: Any) -> None:
    connected()
    limited = served.host.environments.add_key("dev", name="reader", scopes=["connections:read"]).key
    path = "/connections/one?provider_config_key=plain"
    assert served.get(path, key=limited).json()["credentials"] == {}
    assert served.get(path).json()["credentials"]["apiKey"] == "right"


def test_the_trailing_slash_makes_no_difference(served: Served, connected: Any) -> None:
    connected()
    for path in ("/connections", "/connections/one?provider_config_key=plain", "/integrations", "/health"):
        bare, _, query = path.partition("?")
        with_slash = served.get(f"{bare}/{'?' + query if query else ''}")
        assert with_slash.status_code == 200, path
        assert with_slash.json() == served.get(path).json()


def test_an_id_may_hold_a_slash_that_is_percent_encoded(served: Served, connected: Any) -> None:
    connected("a/b c")
    got = served.get("/connections/a%2Fb%20c?provider_config_key=plain")
    assert got.json()["connection_id"] == "a/b c"


def test_every_answer_says_how_much_is_left_and_names_its_request(served: Served) -> None:
    for path in ("/connections", "/nope", "/health"):
        headers = served.get(path, headers={"X-Request-Id": "abc-1"}).headers
        assert int(headers["X-RateLimit-Limit"]) == 60_000
        assert 0 <= int(headers["X-RateLimit-Remaining"]) < 60_000
        assert int(headers["X-RateLimit-Reset"]) > 1_700_000_000
        assert headers["X-Request-Id"] == "abc-1"
        assert headers["Access-Control-Allow-Origin"] == "*"


class TestLimited:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return {**settings, "CONNECTORS_RATE_LIMIT": "3"}

    def test_too_many_requests_are_429_with_when_to_come_back(self, served: Served) -> None:
        statuses = [served.get("/connections").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = served.get("/connections")
        error = refused.json()["error"]
        assert (error["code"], error["method"]) == ("too_many_request", "GET")
        assert error["path"] == urlsplit(refused.url).path
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["X-RateLimit-Remaining"] == "0"

    def test_one_environments_requests_leave_anothers_alone(self, served: Served) -> None:
        other = served.host.environments.create("other").key
        for _ in range(4):
            served.get("/connections")
        assert served.get("/connections", key=other).status_code == 200


def test_a_browser_that_asks_first_is_told_that_it_may(served: Served) -> None:
    asks = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, nango-proxy-x-own",
    }
    for path in ("/connections", "/proxy/a/b", "/api-auth/basic/x"):
        answer = served.session.options(served.url + path, headers=asks, timeout=10)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        for name in ("authorization", "content-type", "provider-config-key", "connection-id", "nango-proxy-x-own"):
            assert name in allowed
        assert answer.headers["Access-Control-Max-Age"] == "600"


@pytest.mark.parametrize(
    ("raw", "headers", "status", "code"),
    [
        (b"{", {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b'{"a": NaN}', {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b'"\\ud800"', {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"[" * 100_000, {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"\xff\xfe", {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"[]", {"Content-Type": "application/json"}, 400, "invalid_body"),
        (b"", {"Content-Type": "application/json"}, 400, "invalid_body"),
        (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "invalid_content_type"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "invalid_content_type"),
        (b"{}", {"Content-Type": "application/json; charset=utf-8"}, 400, "invalid_body"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    served: Served, raw: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = served.call("POST", "/integrations", data=raw, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_body_beyond_the_ceiling_is_refused_before_it_is_read(served: Served) -> None:
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/integrations")
    connection.putheader("Authorization", f"Bearer {served.key}")
    connection.putheader("Content-Length", str(76 * 1024 * 1024))
    connection.endheaders(b"{")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "payload_too_large")
    connection.close()


def test_problems_say_where_they_are_and_never_what_was_sent(served: Served) -> None:
    secret = "s3cr3t-value"
    body = {"provider": 5, "unique_key": secret + "!", "credentials": {"type": secret}, secret: 1}
    answer = served.post("/integrations", body)
    assert answer.status_code == 400
    problems = {tuple(each["path"]): each for each in answer.json()["error"]["errors"]}
    assert {(), ("provider",), ("unique_key",), ("credentials", "type")} <= problems.keys()
    assert problems[("provider",)]["code"] == "invalid_type"
    assert problems[()]["code"] == "unrecognized_keys"
    assert secret not in json.dumps([each for path, each in problems.items() if path])


def test_a_list_position_in_a_problem_is_text(served: Served) -> None:
    body = {"tags": {}, "allowed_integrations": ["ok", 5]}
    assert served.post("/connect/sessions", body).json()["error"]["errors"][0]["path"] == ["allowed_integrations", "1"]


@pytest.mark.parametrize(
    "query", ["nope=1", "limit=0", "limit=2001", "limit=x", "limit=", "page=-1", "limit=1&limit=2"]
)
def test_unknown_and_unfit_query_parameters_are_refused(served: Served, query: str) -> None:
    answer = served.get(f"/connections?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_query_params")


def test_a_nul_anywhere_is_a_400(served: Served) -> None:
    for path in ("/connections?search=%00", "/connections/a%00b?provider_config_key=plain", "/providers/a%00"):
        assert served.get(path).status_code == 400, path


def test_an_unknown_path_is_404_and_a_wrong_method_405(served: Served) -> None:
    assert served.get("/nope").json()["error"]["code"] == "not_found"
    wrong = served.call("PUT", "/connections")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "GET, HEAD, POST"


def test_what_nobody_foresaw_is_a_500_that_tells_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the password is " + "hunter" + "2")

    monkeypatch.setattr(served.host.store.listings, "find", broken)
    answer = served.get("/connections")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "server_error")
    assert "hunter2" not in answer.text
    assert "hunter2" not in caplog.text
    assert "RuntimeError" in caplog.text
