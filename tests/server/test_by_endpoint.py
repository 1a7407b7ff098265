"""`/v1/…`: an action is called, and records are read, by the endpoint that they declare."""

from __future__ import annotations

import pytest

from tests.server.data_world import World

NUMBER = {"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}}}


def double(call, given):
    """Twice the number."""
    return {"twice": given["number"] * 2}


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url)
    made.declare(double, input=NUMBER, endpoint="POST /all/doubles")
    made.start()
    yield made
    made.close()


def test_an_action_is_called_with_the_body_as_its_input(world):
    answer = world.ask("POST", "/v1/all/doubles", json={"number": 4})
    assert (answer.status_code, answer.json()) == (200, {"twice": 8})
    assert world.code(world.ask("POST", "/v1/all/doubles", json={"number": "x"})) == (400, "invalid_action_input")


def test_an_action_can_be_left_to_be_called(world):
    answer = world.ask("POST", "/v1/all/doubles/", json={"number": 4}, headers={"X-Async": "true"})
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["statusUrl"]


def test_records_are_read_with_the_parameters_of_records(world):
    world.fill(3)
    world.sync()
    page = world.ask("GET", "/v1/all/things?limit=2").json()
    assert [each["id"] for each in page["records"]] == ["t0000", "t0001"]
    rest = world.ask("GET", f"/v1/all/things?cursor={page['next_cursor']}").json()
    assert [each["id"] for each in rest["records"]] == ["t0002"]
    assert world.code(world.ask("GET", "/v1/all/things?model=Thing")) == (400, "invalid_query_params")
    assert world.code(world.ask("GET", "/v1/all/things?limit=x")) == (400, "invalid_query_params")


@pytest.mark.parametrize(
    ("call", "options", "refusal"),
    [
        ("POST /v1/all/things", {}, (404, "not_found")),
        ("GET /v1/all/doubles", {}, (404, "not_found")),
        ("GET /v1/nothing", {}, (404, "not_found")),
        ("GET /v1/all/things", {"connection": None}, (400, "invalid_headers")),
        ("GET /v1/all/things", {"connection": "nobody"}, (400, "unknown_connection")),
    ],
)
def test_what_is_not_there_is_refused(world, call, options, refusal):
    assert world.code(world.ask(*call.split(), **options)) == refusal


def test_a_limited_key_needs_the_scope_of_what_is_there(world):
    reader = world.host.environments.add_key("dev", name="reader", scopes=["records:read"]).key
    bearer = {"Authorization": f"Bearer {reader}"}
    assert world.ask("GET", "/v1/all/things", headers=bearer).status_code == 200
    assert world.code(world.ask("POST", "/v1/all/doubles", json={"number": 1}, headers=bearer)) == (403, "forbidden")
