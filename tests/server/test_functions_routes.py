"""Functions over HTTP: those of an integration, of a provider, as scripts; with the fields that clients read."""

from __future__ import annotations

import pytest

from tests.server.data_world import World

OF_SYNC = {"name", "type", "description", "scopes", "returns", "json_schema", "runs", "auto_start", "track_deletes"}
OF_ACTION = {"name", "type", "description", "scopes", "input", "returns", "json_schema"}
DEPLOYED = {"id", "enabled", "last_deployed", "source"}


def order(call, given):
    """Orders a thing."""
    return {}


def things(call, given):
    """An action that is called like the sync."""
    return {}


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url)
    made.declare(order, endpoint="POST /orders")
    made.declare(things)
    made.start()
    yield made
    made.close()


def ask(world, path, method="GET"):
    return world.ask(method, f"/integrations/desk/functions{path}", connection=None)


def test_the_functions_of_an_integration_are_listed_by_name_in_pages(world):
    whole = ask(world, "").json()
    assert [(each["name"], each["type"]) for each in whole["data"]] == [
        ("order", "action"),
        ("things", "sync"),
        ("things", "action"),
    ]
    assert whole["pagination"] == {"total": 3, "page": 0, "limit": 20}
    second = ask(world, "?limit=2&page=1").json()
    assert [each["type"] for each in second["data"]] == ["action"]
    assert second["pagination"] == {"total": 3, "page": 1, "limit": 2}
    assert [each["name"] for each in ask(world, "?type=sync&search=HIN").json()["data"]] == ["things"]
    assert ask(world, "?type=on-event").json()["data"] == []


def test_a_function_has_the_fields_of_its_kind(world):
    sync = ask(world, "/things?type=sync").json()["data"]
    action = ask(world, "/order").json()["data"]
    assert set(sync) == OF_SYNC | DEPLOYED
    assert set(action) == OF_ACTION | DEPLOYED
    assert (sync["returns"], sync["runs"], sync["track_deletes"]) == (["Thing"], "every hour", True)
    assert "Thing" in sync["json_schema"]["definitions"]
    assert action["input"] in action["json_schema"]["definitions"]
    assert ask(world, "/order").json()["data"]["id"] == action["id"]


def test_the_code_of_a_function_is_its_source_and_two_of_one_name_are_told_apart_by_type(world):
    assert "Orders a thing." in ask(world, "/order/code").json()["code"]
    unclear = ask(world, "/things/code")
    assert world.code(unclear) == (409, "ambiguous_function")
    assert unclear.json()["error"]["payload"]["matches"] == [
        {"type": "sync", "name": "things"},
        {"type": "action", "name": "things"},
    ]
    assert ask(world, "/things/code?type=action").json()["type"] == "action"


def test_a_function_is_not_deleted_by_a_client(world):
    assert world.code(ask(world, "/order?type=action", "DELETE")) == (400, "function_managed_by_deploy")
    assert world.code(ask(world, "/order", "DELETE")) == (400, "invalid_query_params")
    assert world.code(ask(world, "/nothing?type=sync", "DELETE")) == (404, "not_found")


@pytest.mark.parametrize("path", ["/nothing", "/order?type=sync", "/nothing/code"])
def test_a_function_that_is_not_there_is_not_found(world, path):
    assert world.code(ask(world, path)) == (404, "not_found")


def test_an_integration_that_is_not_there_is_not_found(world):
    answer = world.ask("GET", "/integrations/nothing/functions", connection=None)
    assert world.code(answer) == (404, "not_found")


def test_the_templates_of_a_provider_are_its_functions_without_a_deployment(world):
    data = world.ask("GET", "/providers/desk/templates", connection=None).json()["data"]
    assert [set(each) for each in data] == [OF_SYNC, OF_ACTION, OF_ACTION]


def test_scripts_tell_the_endpoint_that_a_function_declares(world):
    (desk,) = world.ask("GET", "/scripts/config", connection=None).json()
    by_name = {each["name"]: each for each in desk["actions"]}
    assert by_name["order"]["endpoints"] == [{"method": "POST", "path": "/orders"}]
    assert desk["syncs"][0]["endpoints"] == [{"method": "GET", "path": "/all/things"}]
    assert set(by_name["order"]) >= {"sdk_version", "features", "metadata", "attributes", "last_deployed"}


def test_quickstart_says_what_to_do_instead(world):
    given = {"provider": "desk", "unique_key": "mine"}

    def quick(**changed):
        return world.ask("POST", "/integrations/quickstart", connection=None, json=given | changed)

    assert world.code(quick()) == (400, "invalid_body")
    assert "needs no app" in quick().json()["error"]["message"]
    assert quick(provider="nobody").json()["error"]["errors"][0]["path"] == ["provider"]
    assert quick(unique_key="desk").json()["error"]["errors"][0]["path"] == ["unique_key"]
    assert quick(credentials={}).json()["error"]["errors"][0]["code"] == "unrecognized_keys"
