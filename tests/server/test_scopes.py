"""A limited key goes as far as its scopes say, at every endpoint there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.engine.environments import SCOPES
from connectors.server.contract import Endpoint, Who
from connectors.server.routes import endpoints
from tests.server.data_world import World
from tests.server.test_tenants import nobodys, send

LIMITED = [each for each in endpoints() if each.scopes and each.who is not Who.BROWSER]  # pages: test_dashboard.py
# What a key of any scope may: nothing of a customer is in it.
OPEN = {
    "GET /providers",
    "GET /providers/{provider}",
    "GET /providers/{provider}/templates",
    "GET /environment-variables",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("scopes")).start()
    yield made
    made.close()


def key(world: World, *scopes: str) -> str:
    return world.host.environments.add_key("dev", name="limited", scopes=scopes).key


def test_every_endpoint_of_a_secret_key_needs_a_scope_but_a_few() -> None:
    assert {each.name for each in endpoints() if each.who in (Who.SECRET, Who.EITHER) and not each.scopes} == OPEN
    assert {scope for each in LIMITED for scope in each.scopes} | {"credentials:read"} == set(SCOPES)


@pytest.mark.parametrize("endpoint", LIMITED, ids=lambda each: each.name)
def test_without_its_scope_an_endpoint_is_forbidden(world: World, endpoint: Endpoint) -> None:
    others = [scope for scope in SCOPES if scope not in endpoint.scopes]
    names = nobodys("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
    refused = send(world, endpoint, names, key(world, *others), "")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    let_in = send(world, endpoint, names, key(world, endpoint.scopes[0]), "")
    assert let_in.status_code != 403


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/connections/acme?provider_config_key=desk", "connections:read"),
        ("/connections/acme?provider_config_key=desk&force_refresh=true", "connections:read"),
        ("/integrations/desk?include=credentials", "integrations:read"),
    ],
)
def test_credentials_are_read_with_their_own_scope_only(world: World, path: str, scope: str) -> None:
    answers = [
        world.ask("GET", path, headers={"Authorization": f"Bearer {key(world, *scopes)}"})
        for scopes in ((scope,), (scope, "credentials:read"))
    ]
    shown = [("s3cr3t" in answer.text, answer.status_code) for answer in answers]
    assert shown[0][0] is False
    assert shown[1] == ("connections" in path, 200)
