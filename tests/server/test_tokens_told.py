"""Tokens over HTTP: what is told of them, and what a caller reads when they cannot be renewed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.authorization_server.accounts import CLIENTS
from tests.authorization_server.definitions import definitions
from tests.authorization_server.server import AuthorizationServer
from tests.server.conftest import Served

PATH = "/connections/one?provider_config_key=consenting"


@pytest.fixture
def authorization() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, str], authorization: AuthorizationServer, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "oauth.yaml"
    file.write_text(definitions(authorization.url), "utf-8")
    return {**settings, "CONNECTORS_PROVIDERS": str(file)}


@pytest.fixture
def imported(served: Served) -> Served:
    client = {"type": "OAUTH2", **CLIENTS["consenting"]}
    served.post("/integrations", {"provider": "consenting", "unique_key": "consenting", "credentials": client})
    given = {"type": "OAUTH2", "access_token": "a-token", "refresh_token": "r-token"}
    body = {"provider_config_key": "consenting", "connection_id": "one", "credentials": given}
    assert served.post("/connections", body).status_code == 201
    return served


def credentials(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["credentials"]
    return found


def test_the_refresh_token_is_told_only_to_who_asks_for_it(imported: Served) -> None:
    plain = credentials(imported.get(PATH))
    assert plain["access_token"] == "a-token"
    assert "r-token" not in str(plain)
    asked = credentials(imported.get(f"{PATH}&refresh_token=true"))
    assert (asked["refresh_token"], asked["access_token"]) == ("r-token", "a-token")
    assert asked["raw"]["refresh_token"] == "r-token"


def test_credentials_that_cannot_be_renewed_are_invalid_and_the_connection_is_told_without_them(
    imported: Served, authorization: AuthorizationServer
) -> None:
    authorization.refuses = (400, {"error": "invalid_grant"})
    answer = imported.get(f"{PATH}&force_refresh=true")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_credentials")
    told = error["payload"]["connection"]
    assert (told["connection_id"], told["credentials"]) == ("one", {})
    assert [each["type"] for each in told["errors"]] == ["auth"]
    assert "r-token" not in answer.text


def test_an_integrations_client_is_told_with_every_field_that_its_mode_has(imported: Served) -> None:
    data = imported.get("/integrations/consenting?include=credentials").json()["data"]
    client = CLIENTS["consenting"]
    assert data["credentials"] == {"type": "OAUTH2", **client, "webhook_secret": None}
    signed = {"type": "OAUTH2", **client, "webhook_secret": "signed-with"}
    assert imported.patch("/integrations/consenting", {"credentials": signed}).status_code == 200
    data = imported.get("/integrations/consenting?include=credentials").json()["data"]
    assert data["credentials"] == signed


def test_a_client_of_another_mode_is_refused(imported: Served) -> None:
    client = {"type": "OAUTH1", **CLIENTS["consenting"]}
    answer = imported.post("/integrations", {"provider": "consenting", "unique_key": "x", "credentials": client})
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["path"] == ["credentials", "type"]


def test_an_integration_without_a_client_tells_what_it_lacks(imported: Served) -> None:
    imported.post("/integrations", {"provider": "consenting", "unique_key": "new"})
    data = imported.get("/integrations/new?include=credentials").json()["data"]
    assert data["credentials"]["client_id"] is None
    assert data["credentials"]["client_secret"] is None


def test_quickstart_needs_an_app_that_no_server_brings(imported: Served) -> None:
    answer = imported.post("/integrations/quickstart", {"provider": "consenting", "unique_key": "quick"})
    assert answer.status_code == 400
    assert "brings no app" in answer.json()["error"]["message"]


class TestUnreachable:
    @pytest.fixture
    def settings(self, settings: dict[str, str], tmp_path: Path) -> dict[str, str]:
        (tmp_path / "oauth.yaml").write_text(definitions("http://127.0.0.1:9"), "utf-8")
        return settings

    def test_a_token_server_that_cannot_be_reached_makes_credentials_invalid_too(self, imported: Served) -> None:
        answer = imported.get(f"{PATH}&force_refresh=true")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_credentials")
        assert credentials(imported.get(PATH))["access_token"] == "a-token"
