"""What a customer's page does: session, credentials, connection; and the order in which it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Provider, Served

ACME = {"end_user": {"id": "u1", "email": "A@acme.example", "display_name": "Ann"}, "organization": {"id": "acme"}}


def begin(served: Served, **body: Any) -> str:
    answer = served.post("/connect/sessions", {**ACME, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["token"])


def page(served: Served, path: str, token: str | None, body: Any = None, **query: str) -> Any:
    """A call as the frontend makes it: no key, the token in the query, literal brackets."""
    asked = [f"{name}={value}" for name, value in query.items()]
    if token is not None:
        asked.insert(0, f"connect_session_token={token}")
    sent = {"json": body} if body is not None else {"headers": {"Content-Type": "application/json"}}
    return served.session.post(f"{served.url}{path}?{'&'.join(asked)}", timeout=30, **sent)


@pytest.fixture
def ready(served: Served) -> Served:
    for key, provider in (("plain", "plain"), ("pair", "pair"), ("open", "open")):
        assert served.post("/integrations", {"unique_key": key, "provider": provider}).status_code == 200
    return served


def test_api_key_is_connected_for_the_sessions_end_user(ready: Served, provider: tuple[str, Provider]) -> None:
    token = begin(ready, tags={"Plan": "Gold"})
    answer = page(ready, "/api-auth/api-key/plain", token, {"apiKey": "right"}, **{"params[base]": provider[0]})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["providerConfigKey"] == "plain"
    assert provider[1].calls[0]["path"] == "/who"
    found = ready.get(f"/connections/{made['connectionId']}?provider_config_key=plain").json()
    assert found["credentials"] == {"type": "API_KEY", "apiKey": "right"}
    assert found["connection_config"] == {"base": provider[0]}
    assert found["tags"] == {
        "end_user_id": "u1",
        "end_user_email": "A@acme.example",
        "end_user_display_name": "Ann",
        "organization_id": "acme",
        "plan": "Gold",
    }
    assert found["end_user"]["organization"] == {"id": "acme", "display_name": None}


def test_a_session_is_good_for_several_connections(ready: Served, provider: tuple[str, Provider]) -> None:
    token = begin(ready)
    for _ in range(2):
        base = {"params[base]": provider[0]}
        assert page(ready, "/api-auth/api-key/plain", token, {"apiKey": "right"}, **base).status_code == 200
    assert len(ready.get("/connections").json()["connections"]) == 2


def test_basic_takes_an_empty_user_or_password_but_not_none(ready: Served, provider: tuple[str, Provider]) -> None:
    token, base = begin(ready), {"params[base]": provider[0]}
    path = "/api-auth/basic/pair"
    assert page(ready, path, token, {"username": "u", "password": ""}, **base).status_code == 200
    refused = page(ready, path, token, {"username": "u"}, **base)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_body")
    assert refused.json()["error"]["errors"][0]["path"] == ["password"]


def test_unauthenticated_takes_an_empty_json_body(ready: Served) -> None:
    answer = page(ready, "/auth/unauthenticated/open", begin(ready))
    assert answer.status_code == 200, answer.text
    got = ready.get(f"/connections/{answer.json()['connectionId']}?provider_config_key=open").json()
    assert got["credentials"] == {}


def test_wrong_key_is_connection_test_failed_and_stores_nothing(ready: Served, provider: tuple[str, Provider]) -> None:
    answer = page(ready, "/api-auth/api-key/plain", begin(ready), {"apiKey": "wrong"}, **{"params[base]": provider[0]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "connection_test_failed")
    assert "wrong" not in answer.text
    assert answer.json()["error"]["message"]
    assert ready.get("/connections").json() == {"connections": []}


def test_refusals_come_in_the_order_that_clients_rely_on(ready: Served) -> None:
    token = begin(ready, allowed_integrations=["pair"])
    path, good = "/api-auth/api-key/plain", {"apiKey": "k"}

    def code(path: str, token: str | None, body: Any, **query: str) -> tuple[int, str]:
        answer = page(ready, path, token, body, **query)
        return answer.status_code, answer.json()["error"]["code"]

    bad_token = "nango_connect_session_" + "0" * 64
    assert code(path, None, {"x": 1}, y="1") == (401, "missing_public_key")
    assert code(path, "x", {"x": 1}) == (401, "invalid_connect_session_token_format")
    assert code(path, bad_token, {"x": 1}) == (401, "unknown_connect_session_token")
    assert code(path, token, {"x": 1}, y="1") == (400, "invalid_body")
    assert code(path, token, good, y="1") == (400, "invalid_query_params")
    assert code("/api-auth/api-key/a%21b", token, good) == (400, "invalid_uri_params")
    assert code("/api-auth/api-key/nope", token, good, connection_id="mine") == (400, "invalid_query_params")
    assert code("/api-auth/api-key/nope", token, good) == (404, "unknown_provider_config")
    assert code("/api-auth/basic/plain", token, {"username": "", "password": ""}) == (400, "invalid_auth_mode")
    assert code(path, token, good) == (400, "integration_not_allowed")


def test_session_defaults_beat_what_the_form_sends(ready: Served, provider: tuple[str, Provider]) -> None:
    token = begin(ready, integrations_config_defaults={"plain": {"connection_config": {"base": provider[0]}}})
    sent = {"params[base]": "http://127.0.0.1:9", "params[webhook_url]": "x"}
    answer = page(ready, "/api-auth/api-key/plain", token, {"apiKey": "right"}, **sent)
    assert answer.status_code == 200, answer.text
    assert len(provider[1].calls) == 1


def test_reconnecting_keeps_the_id_the_metadata_and_the_tags(ready: Served, provider: tuple[str, Provider]) -> None:
    base = {"params[base]": provider[0]}
    made = page(ready, "/api-auth/api-key/plain", begin(ready), {"apiKey": "right"}, **base).json()["connectionId"]
    named = {"connection_id": made, "provider_config_key": "plain", "metadata": {"a": 1}}
    assert ready.post("/connections/metadata", named).status_code == 201
    pair = {"connection_id": made, "integration_id": "plain"}
    token = ready.post("/connect/sessions/reconnect", pair).json()["data"]["token"]
    seen = ready.get("/connect/session", key=token).json()["data"]
    assert (seen["isReconnecting"], seen["allowed_integrations"]) == (True, ["plain"])
    again = page(ready, "/api-auth/api-key/plain", token, {"apiKey": "newer"}, **base)
    assert again.json() == {"connectionId": made, "providerConfigKey": "plain"}
    found = ready.get(f"/connections/{made}?provider_config_key=plain").json()
    assert found["credentials"]["apiKey"] == "newer"
    assert found["metadata"] == {"a": 1}
    assert found["tags"]["end_user_id"] == "u1"


def test_reconnect_of_an_unknown_pair_is_invalid_body(ready: Served) -> None:
    answer = ready.post("/connect/sessions/reconnect", {"connection_id": "x", "integration_id": "plain"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")


def test_session_body_is_checked(ready: Served) -> None:
    for body in ({}, {"end_user": {}}, {"tags": {"1": "x"}}, {"tags": {"a": ""}}, {"tags": {}, "extra": 1}):
        answer = ready.post("/connect/sessions", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body"), body
    unknown = ready.post("/connect/sessions", {"tags": {}, "allowed_integrations": ["nope"]})
    assert unknown.json()["error"]["errors"][0]["path"] == ["allowed_integrations", "0"]
    assert ready.post("/connect/sessions", {"tags": {}}).status_code == 201


def test_session_says_who_it_is_for_and_lists_only_what_it_allows(ready: Served) -> None:
    token = begin(ready, allowed_integrations=["pair"])
    data = ready.get("/connect/session", key=token).json()["data"]
    assert data["endUser"] == {
        "id": "u1",
        "email": "A@acme.example",
        "display_name": "Ann",
        "tags": None,
        "organization": {"id": "acme", "display_name": None},
    }
    assert data["connectUISettings"]["defaultTheme"] == "system"
    listed = ready.get("/integrations", key=token).json()["data"]
    assert [each["unique_key"] for each in listed] == ["pair"]
    assert ready.get("/providers/plain", key=token).status_code == 200
    assert ready.get("/connect/session").json()["error"]["code"] == "invalid_connect_session_token_format"


def test_a_page_may_name_its_session_in_the_query_of_what_it_reads(ready: Served) -> None:
    token = begin(ready, allowed_integrations=["plain"])
    listed = ready.session.get(f"{ready.url}/integrations", params={"connect_session_token": token}, timeout=10)
    assert [each["unique_key"] for each in listed.json()["data"]] == ["plain"]
    for path in ("/providers", "/providers/plain"):
        assert ready.session.get(ready.url + path, params={"connect_session_token": token}, timeout=10).ok
    nobody = ready.session.get(f"{ready.url}/integrations?connect_session_token=x", timeout=10)
    assert nobody.json()["error"]["code"] == "invalid_connect_session_token_format"
    assert ready.session.get(f"{ready.url}/connections?connect_session_token={token}", timeout=10).status_code == 401


def test_an_ended_session_lets_nobody_in(ready: Served) -> None:
    token = begin(ready)
    assert ready.delete("/connect/session", key=token).status_code == 204
    assert ready.get("/connect/session", key=token).json()["error"]["code"] == "unknown_connect_session_token"


def test_telemetry_is_heard_with_the_token_in_a_beacons_body(ready: Served) -> None:
    said = ready.session.post(
        f"{ready.url}/connect/telemetry",
        data=f'{{"token": "{begin(ready)}"}}',
        timeout=10,
        headers={"Content-Type": "text/plain"},
    )
    assert said.status_code == 204
