"""Actions and their files over HTTP: while somebody waits, and later."""

from __future__ import annotations

import base64
import uuid

import pytest

from connectors.errors import ActionError
from tests.server.data_world import SECRET, World
from tests.server.upstream import Reply

NUMBER = {
    "type": "object",
    "required": ["number"],
    "properties": {"number": {"type": "integer"}},
    "additionalProperties": False,
}


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url)
    yield made
    made.close()


def trigger(world, name, given=..., **options):
    body = {"action_name": name} | ({} if given is ... else {"input": given})
    return world.ask("POST", "/action/trigger", json=body, **options)


def double(call, given):
    return {"twice": given["number"] * 2}


def fetch(call, given):
    return call.get("/thing").json()


def refuse(call, given):
    raise ActionError("not today", next_step="Come tomorrow.")


def stumble(call, given):
    return {}["missing"]


def empty(call, given):
    return {"given": dict(given)}


def make(call, given):
    return {"made": call.give("notes/täglich.txt", "Grüße", "text/plain; charset=utf-8")}


def test_an_action_answers_with_its_bare_output(world):
    world.declare(double, input=NUMBER)
    world.start()
    answer = trigger(world, "double", {"number": 21})
    assert (answer.status_code, answer.json()) == (200, {"twice": 42})


@pytest.mark.parametrize("given", [..., None, {}, "", 0, False])
def test_an_input_that_is_none_is_an_empty_one(world, given):
    world.declare(empty)
    world.start()
    assert trigger(world, "empty", given).json() == {"given": {}}


def test_every_problem_of_an_input_is_told_with_its_path(world):
    world.declare(double, input=NUMBER)
    world.start()
    answer = trigger(world, "double", {"number": "x", "colour": 1})
    assert world.code(answer) == (400, "invalid_action_input")
    assert {tuple(each["path"]) for each in answer.json()["error"]["errors"]} >= {("input", "number")}


def test_what_an_action_raises_on_purpose_is_its_payload(world):
    world.declare(refuse)
    world.start()
    answer = trigger(world, "refuse")
    assert world.code(answer) == (500, "action_script_runtime_error")
    assert answer.json()["error"]["payload"]["message"] == "not today"


def test_a_fault_in_an_actions_code_is_told_as_such(world):
    world.declare(stumble)
    world.start()
    answer = trigger(world, "stumble")
    assert world.code(answer) == (500, "script_internal_error")
    assert answer.json()["error"]["payload"].keys() == {"name", "code", "message", "stacktrace"}
    assert answer.json()["error"]["payload"]["name"] == "KeyError"


def test_a_providers_refusal_comes_with_its_body_its_status_and_its_rate_headers(world):
    world.declare(fetch)
    world.start()
    headers = {"x-ratelimit-left": "3", "x-other": "1"}
    world.upstream.on("GET /base/thing", Reply.json({"why": "closed"}, 409, **headers))
    error = trigger(world, "fetch").json()["error"]
    assert error == {
        "code": "script_http_error",
        "payload": {"why": "closed"},
        "upstream": {
            "status": 409,
            "headers": {"content-type": "application/json", "x-ratelimit-left": "3"},
            "body": {"why": "closed"},
        },
    }
    assert trigger(world, "fetch").status_code == 424


def test_a_provider_that_cannot_be_reached_is_told(world):
    world.declare(fetch)
    world.start()
    world.upstream.close()
    answer = trigger(world, "fetch")
    assert world.code(answer) == (500, "script_network_error")
    assert answer.json()["error"]["payload"]["code"] == "ECONNREFUSED"
    assert SECRET not in answer.text


def test_refusals_say_what_the_clients_know(world):
    world.declare(double, input=NUMBER)
    world.start()
    assert world.code(trigger(world, "double", {}, connection=None)) == (400, "invalid_headers")
    assert world.code(trigger(world, "double", {}, connection="nobody")) == (400, "unknown_connection")
    assert world.code(trigger(world, "no-such")) == (404, "not_found")
    assert world.code(world.ask("POST", "/action/trigger", json={"input": {}})) == (400, "invalid_body")
    assert world.code(world.ask("POST", "/action/trigger", json={"action_name": "x", "y": 1})) == (400, "invalid_body")
    too_many = {"X-Async": "true", "X-Max-Retries": "6"}
    assert world.code(trigger(world, "double", {"number": 1}, headers=too_many)) == (400, "invalid_headers")


def test_an_asynchronous_call_is_accepted_made_and_fetched(world):
    world.declare(double, input=NUMBER)
    world.start()
    accepted = trigger(world, "double", {"number": 4}, headers={"X-Async": "true", "X-Max-Retries": "2"})
    told = accepted.json()
    assert accepted.status_code == 202
    assert told == {"id": told["id"], "statusUrl": f"/action/{told['id']}"}
    assert accepted.headers["location"] == told["statusUrl"]
    assert world.code(world.ask("GET", told["statusUrl"])) == (404, "not_found")
    assert world.host.action_calls.make_next()
    done = world.ask("GET", told["statusUrl"], connection=None)
    assert (done.status_code, done.json()) == (200, {"twice": 8})
    assert world.code(world.ask("GET", told["statusUrl"], environment="other")) == (404, "not_found")


def test_an_asynchronous_failure_is_the_same_when_it_is_fetched(world):
    world.declare(refuse)
    world.start()
    place = trigger(world, "refuse", headers={"X-Async": "true"}).json()["statusUrl"]
    world.host.action_calls.make_next()
    fetched, direct = world.ask("GET", place), trigger(world, "refuse")
    assert (fetched.status_code, fetched.json()) == (direct.status_code, direct.json())


def test_an_unknown_call_and_an_id_that_is_none(world):
    world.start()
    assert world.code(world.ask("GET", f"/action/{uuid.uuid4()}")) == (404, "not_found")
    assert world.code(world.ask("GET", "/action/seven")) == (400, "invalid_uri_params")


def test_a_file_that_an_action_gave_can_be_fetched_by_its_environment(world):
    world.declare(make)
    world.start()
    file = trigger(world, "make").json()["made"]
    answer = world.ask("GET", f"/files/{file['file']}", connection=None)
    assert (answer.status_code, answer.content.decode()) == (200, "Grüße")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == str(file["size"])
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''t%C3%A4glich.txt"
    assert world.code(world.ask("GET", f"/files/{file['file']}", environment="other")) == (404, "not_found")
    assert world.code(world.ask("GET", f"/files/{'0' * 40}")) == (404, "not_found")
    assert world.code(world.ask("GET", "/files/..%2Fvault")) == (400, "invalid_uri_params")


def test_a_file_goes_into_an_action_as_base64(world):
    def measure(call, given):
        with call.file(given["archive"]).open() as file:
            return {"length": len(file.read())}

    world.declare(measure)
    world.start()
    archive = {"name": "a.bin", "base64": base64.b64encode(b"x" * 1000).decode()}
    assert trigger(world, "measure", {"archive": archive}).json() == {"length": 1000}


def test_scripts_are_listed_with_their_schemas_and_as_tools(world):
    world.declare(double, input=NUMBER)
    world.start()
    (desk,) = [each for each in world.ask("GET", "/scripts/config").json() if each["providerConfigKey"] == "desk"]
    assert [each["name"] for each in desk["syncs"]] == ["things"]
    (action,) = desk["actions"]
    assert (action["name"], action["type"], action["input"]) == ("double", "action", "double.input")
    assert action["json_schema"]["definitions"]["double.input"] == NUMBER
    (tool,) = world.ask("GET", "/scripts/config?format=openai").json()["data"]
    assert (tool["name"], tool["parameters"]) == ("double", NUMBER)
    assert world.ask("GET", "/environment-variables").json() == []
