"""An app that is installed at the provider's own site: pending from the form, complete with the provider's webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server.conftest import Served
from tests.server.upstream import Reply, Upstream

SECRET = "client-s3cret"
DEFINITION = """
sentry-oauth:
  display_name: Outbound
  auth_mode: OAUTH2
  installation: outbound
  token_url: URL/installations/${connectionConfig.installation.uuid}/authorizations/
  webhook_routing_script: sentryOauthWebhookRouting
  authorization_code_param_in_webhook: data.installation.code
  webhook_response_metadata: [installation.uuid]
  proxy: {base_url: URL/api}
  docs: https://outbound.example
  connection_config:
    actor: {type: string, title: User, description: Who installs.}
    installation.uuid: {type: string, title: "", description: "", automated: true}
"""


@pytest.fixture
def site() -> Iterator[Upstream]:
    upstream = Upstream()
    tokens = {"token": "t0ken", "refreshToken": "r3fresh", "expiresAt": "2999-01-01T00:00:00Z"}
    upstream.on("POST /installations/u-1/authorizations/", Reply.json(tokens))
    yield upstream
    upstream.close()


@pytest.fixture
def settings(settings: dict[str, str], site: Upstream, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "outbound.yaml"
    file.write_text(DEFINITION.replace("URL", site.url), "utf-8")
    return {**settings, "CONNECTORS_PROVIDERS": str(file), "CONNECTORS_PUBLIC_URL": "http://localhost:3003"}


@pytest.fixture
def webhook(served: Served) -> str:
    client = {"type": "OAUTH2", "client_id": "client", "client_secret": SECRET}
    body = {"provider": "sentry-oauth", "unique_key": "out", "credentials": client}
    assert served.post("/integrations", body).status_code == 200
    told = served.get("/integrations/out?include=webhook").json()["data"]["webhook_url"]
    return served.url + told.removeprefix("http://localhost:3003")


def connect(served: Served, actor: str = "77") -> dict[str, Any]:
    token = served.post("/connect/sessions", {"end_user": {"id": "u1"}}).json()["data"]["token"]
    query = {"connect_session_token": token, "params[actor]": actor}
    answer = served.session.post(f"{served.url}/auth/oauth-outbound/out", params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def installed(actor: int = 77) -> dict[str, Any]:
    data = {"installation": {"code": "c0de", "uuid": "u-1", "status": "pending"}}
    return {"action": "created", "actor": {"id": actor}, "data": data, "installation": {"uuid": "u-1"}}


def send(webhook: str, event: Any, *, secret: str = SECRET) -> requests.Response:
    body = json.dumps(event).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Sentry-Hook-Signature": signature}
    return requests.post(webhook, data=body, headers=headers, timeout=10)


def read(served: Served, id: str) -> dict[str, Any]:
    found: dict[str, Any] = served.get(f"/connections/{id}?provider_config_key=out&refresh_token=true").json()
    return found


def test_the_webhook_completes_the_connection_of_who_installed(served: Served, webhook: str, site: Upstream) -> None:
    other, told = connect(served, "78"), connect(served)
    assert told["isPending"] is True
    answer = send(webhook, installed())
    assert (answer.status_code, answer.json()["events"]) == (200, 1)
    found = read(served, told["connectionId"])
    assert (found["credentials"]["access_token"], found["credentials"]["refresh_token"]) == ("t0ken", "r3fresh")
    assert found["connection_config"]["installation.uuid"] == "u-1"
    assert found["end_user"]["id"] == "u1"
    (exchange,) = site.seen
    sent = json.loads(exchange.body)
    assert (sent["code"], sent["grant_type"]) == ("c0de", "authorization_code")
    assert read(served, other["connectionId"])["credentials"]["pending"] is True


def test_the_same_webhook_again_changes_nothing(served: Served, webhook: str, site: Upstream) -> None:
    told = connect(served)
    assert [send(webhook, installed()).json()["events"] for _ in range(2)] == [1, 0]
    assert len(site.seen) == 1
    assert read(served, told["connectionId"])["credentials"]["access_token"] == "t0ken"


@pytest.mark.parametrize("secret", ["guessed", ""])
def test_a_webhook_that_is_not_signed_with_the_clients_secret_is_refused(
    served: Served, webhook: str, site: Upstream, secret: str
) -> None:
    told = connect(served)
    answer = send(webhook, installed(), secret=secret)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown_webhook")
    assert site.seen == []
    assert read(served, told["connectionId"])["credentials"]["pending"] is True


@pytest.mark.parametrize("event", [{"action": "deleted", "actor": {"id": 77}}, installed(99), {"actor": 7}])
def test_what_completes_nothing_is_taken_and_left(served: Served, webhook: str, site: Upstream, event: Any) -> None:
    connect(served)
    assert send(webhook, event).json() == {"success": True, "events": 0, "duplicates": 0}
    assert site.seen == []


def test_a_code_that_the_provider_refuses_leaves_the_connection_pending(
    served: Served, webhook: str, site: Upstream
) -> None:
    told = connect(served)
    site.on("POST /installations/u-1/authorizations/", Reply.json({"detail": "no"}, 403))
    answer = send(webhook, installed())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "connection_test_failed")
    assert read(served, told["connectionId"])["credentials"]["pending"] is True


def test_a_body_that_is_no_object_is_no_event(webhook: str) -> None:
    answer = send(webhook, ["x"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_event")
