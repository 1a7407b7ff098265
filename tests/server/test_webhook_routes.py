"""Events that providers send to the running server, the numbers for a monitor, and who did what."""

from __future__ import annotations

import re

import pytest
import requests

from connectors.engine.incoming import Address
from tests.server.conftest import Served

RELEASED = {"event": "STATUS_SET_TO_RELEASED_EVENT", "data": {"resource_id": 48213, "resource_title": "Pump"}}


@pytest.fixture
def address(served: Served) -> Address:
    config, credentials = {"instance": "acme", "username": "a@acme.example"}, {"apiKey": "C0FFEE"}
    given = {"provider": "paligo", "id": "acme", "config": config, "credentials": credentials, "verify": False}
    served.host.connections.connect("dev", **given)  # type: ignore[arg-type]
    return served.host.incoming.address("dev", "acme")


def test_an_event_at_a_secret_address_asks_for_its_ids(served: Served, address: Address) -> None:
    came = requests.post(served.url + address.secret_path, json=RELEASED, timeout=10)
    assert (came.status_code, came.json()) == (200, {"success": True, "events": 1, "duplicates": 0})
    again = requests.post(served.url + address.secret_path, json=RELEASED, timeout=10)
    assert again.json()["duplicates"] == 1
    key = served.host.connections.get("dev", "acme").key
    assert list(served.host.store.schedules.wanted("dev", key, "documents", limit=10)) == ["48213"]


def test_an_event_with_a_login_is_believed(served: Served, address: Address) -> None:
    login = (address.username, address.password)
    assert requests.post(served.url + address.path, json=RELEASED, auth=login, timeout=10).status_code == 200


@pytest.mark.parametrize("login", [None, ("connectors", "wrong"), ("connectors", "")])
def test_a_wrong_login_is_asked_for_again(served: Served, address: Address, login: tuple[str, str] | None) -> None:
    refused = requests.post(served.url + address.path, json=RELEASED, auth=login, timeout=10)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert refused.json()["error"]["code"] == "unknown_webhook"


def test_a_secret_that_nobody_was_given_is_no_address(served: Served, address: Address) -> None:
    wrong = address.secret_path[:-1] + ("A" if address.secret_path[-1] != "A" else "B")
    assert requests.post(served.url + wrong, json=RELEASED, timeout=10).status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"event": 1}', b"x" * 3_000_000])
def test_what_is_no_event_is_refused(served: Served, address: Address, body: bytes) -> None:
    refused = requests.post(served.url + address.secret_path, data=body, timeout=10)
    assert refused.status_code in (400, 413)
    assert refused.json()["error"]["code"] in ("invalid_event", "request_too_large")


def test_metrics_are_in_the_format_of_prometheus(served: Served, address: Address) -> None:
    requests.post(served.url + address.secret_path, json=RELEASED, timeout=10)
    answer = requests.get(served.url + "/metrics", timeout=10)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    line = re.compile(
        r'# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="[^"\n]*",?)+\})? -?[0-9.]+(e[+-]?[0-9]+)?', re.ASCII
    )
    lines = answer.text.splitlines()
    assert [each for each in lines if not line.fullmatch(each)] == []
    assert 'connectors_connections{provider="paligo"} 1' in lines
    path = "/webhook/{address}/{integration}/{secret}"
    assert f'connectors_http_requests_total{{endpoint="POST {path}",status="200"}} 1' in lines
    assert address.password not in answer.text
    assert "acme" not in answer.text


def test_the_audit_log_says_who_did_what_and_no_secret(served: Served, address: Address) -> None:
    assert served.get("/connections/acme?provider_config_key=paligo").status_code == 200
    assert served.delete("/connections/acme?provider_config_key=paligo").status_code == 200
    entries = served.host.audit_log.list("dev")
    deeds = {entry["action"]: entry for entry in entries}
    assert deeds["credentials.read"]["subject"] == "paligo/acme"
    assert re.fullmatch(r"key:[0-9a-f]{8}", deeds["credentials.read"]["actor"])
    assert deeds["connection.deleted"]["actor"] == deeds["credentials.read"]["actor"]
    assert {"connection.created", "key.created", "webhook.address_made"} <= deeds.keys()
    assert not [secret for secret in (served.key, "C0FFEE", address.password) if secret in str(entries)]


def test_what_happened_is_counted(served: Served, address: Address) -> None:
    requests.post(served.url + address.secret_path, json=RELEASED, timeout=10)
    lines = requests.get(served.url + "/metrics", timeout=10).text.splitlines()
    assert 'connectors_events_total{provider="paligo"} 1' in lines
