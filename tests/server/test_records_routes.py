"""Records over HTTP: what is asked for, what is answered, what is refused."""

from __future__ import annotations

import pytest

from tests.server.data_world import World


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url).start()
    yield made
    made.close()


def records(world, query="", **options):
    answer = world.ask("GET", f"/records?model=Thing{query}", **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer):
    return [record["id"] for record in answer["records"]]


def test_a_consumer_that_follows_the_cursor_reads_everything_once(world):
    world.fill(205)
    world.sync()
    seen, cursor = [], ""
    while cursor is not None:
        page = records(world, f"&limit=100{cursor and f'&cursor={cursor}'}")
        seen += ids(page)
        cursor = page["next_cursor"]
    assert seen == [f"t{number:04}" for number in range(205)]


def test_the_default_is_a_hundred_and_one_answer_can_hold_ten_thousand(world):
    world.fill(450)
    world.sync()
    assert len(records(world)["records"]) == 100
    whole = records(world, "&limit=10000")
    assert ids(whole) == [f"t{number:04}" for number in range(450)]
    assert whole["next_cursor"] is None
    assert len(records(world, "&limit=250")["records"]) == 250


def test_a_record_is_the_payload_with_its_id_as_text_and_its_history(world):
    world.things[7] = {"id": 7, "name": "Seven", "extra": [1, None]}
    world.sync()
    (record,) = records(world)["records"]
    history = record.pop("_nango_metadata")
    assert record == {"id": "7", "name": "Seven", "extra": [1, None]}
    assert history.keys() == {
        "first_seen_at",
        "last_modified_at",
        "last_action",
        "deleted_at",
        "pruned_at",
        "cursor",
    }
    assert history["last_action"] == "ADDED"
    assert history["first_seen_at"].endswith("+00:00")


def test_filters_are_a_union_and_of_any_case(world):
    world.fill(3)
    world.sync()
    world.things["t0001"]["name"] = "Other"
    del world.things["t0002"]
    world.sync()
    assert ids(records(world, "&filter=UPDATED,deleted")) == ["t0001", "t0002"]
    assert ids(records(world, "&filter=Deleted")) == ["t0002"]
    assert ids(records(world, "&filter=added")) == ["t0000"]


def test_one_id_is_a_list_of_one_and_several_are_repeated(world):
    world.fill(3)
    world.sync()
    assert ids(records(world, "&ids=t0001")) == ["t0001"]
    assert ids(records(world, "&ids=t0002&ids=t0000")) == ["t0000", "t0002"]


def test_both_names_of_modified_after_are_inclusive(world):
    world.fill(2)
    world.sync()
    time = records(world)["records"][1]["_nango_metadata"]["last_modified_at"].replace("+00:00", "Z")
    assert "t0001" in ids(records(world, f"&modified_after={time}"))
    assert "t0001" in ids(records(world, f"&delta={time}"))
    assert ids(records(world, "&modified_after=2098-01-01T00:00:00Z")) == []


def test_the_slash_that_the_client_sends_makes_no_difference(world):
    world.fill(1)
    world.sync()
    assert world.ask("GET", "/records/?model=Thing").json() == records(world)


@pytest.mark.parametrize(
    "query",
    [
        "model=Thing&limit=0",
        "model=Thing&limit=10001",
        "model=Thing&limit=x",
        "model=thing",
        "",
        "model=Thing&filter=changed",
        "model=Thing&modified_after=2024-01-01",
        "model=Thing&modified_after=2024-01-01T00:00:00%2B02:00",
        "model=Thing&modified_after=2024-13-01T00:00:00Z",
        "model=Thing&cursor=",
        f"model=Thing&cursor={'x' * 1001}",
        "model=Thing&" + "&".join(f"ids={number}" for number in range(101)),
        f"model=Thing&ids={'x' * 257}",
        "model=Thing&unknown=1",
    ],
)
def test_a_query_that_does_not_fit_is_refused(world, query):
    answer = world.ask("GET", f"/records?{query}")
    assert world.code(answer) == (400, "invalid_query_params")
    assert answer.json()["error"]["errors"][0].keys() == {"code", "message", "path"}


def test_refusals_say_what_the_clients_know(world):
    assert world.code(world.ask("GET", "/records?model=Thing", connection=None)) == (400, "invalid_headers")
    assert world.code(world.ask("GET", "/records?model=Thing", connection="nobody")) == (400, "unknown_connection")
    other = {"Provider-Config-Key": "no-such"}
    assert world.code(world.ask("GET", "/records?model=Thing", headers=other)) == (400, "unknown_connection")
    assert world.code(world.ask("GET", "/records?model=Thing&cursor=x")) == (400, "broken_cursor")


def test_an_unknown_model_is_empty(world):
    assert world.ask("GET", "/records?model=Nothing").json() == {"records": [], "next_cursor": None}


def test_another_environment_reads_nothing_of_ours(world):
    world.fill(2)
    world.sync()
    assert records(world, environment="other") == {"records": [], "next_cursor": None}
    cursor = records(world)["records"][0]["_nango_metadata"]["cursor"]
    answer = world.ask("GET", f"/records?model=Thing&cursor={cursor}", environment="other")
    assert world.code(answer) == (400, "broken_cursor")


def test_pruned_records_keep_their_history_and_lose_their_payload(world):
    world.fill(4)
    world.sync()
    cursor = records(world)["records"][2]["_nango_metadata"]["cursor"]
    body = {"model": "Thing", "until_cursor": cursor, "limit": 2}
    assert world.ask("PATCH", "/records/prune", json=body).json() == {"count": 2, "has_more": True}
    assert world.ask("PATCH", "/records/prune", json=body).json() == {"count": 1, "has_more": False}
    found = records(world)["records"]
    assert [set(record) for record in found[:3]] == [{"id", "_nango_metadata"}] * 3
    assert found[3]["name"] == "Thing 3"
    assert world.code(world.ask("PATCH", "/records/prune", json={"model": "Thing"})) == (400, "invalid_body")
    broken = {"model": "Thing", "until_cursor": "x"}
    assert world.code(world.ask("PATCH", "/records/prune", json=broken)) == (400, "broken_cursor")


def test_the_query_is_looked_at_before_the_headers(world):
    answer = world.ask("GET", "/records", connection=None)
    assert world.code(answer) == (400, "invalid_query_params")
    named = world.ask("GET", "/records?model=Thing", connection=None)
    assert [each["path"] for each in named.json()["error"]["errors"]] == [["connection-id"], ["provider-config-key"]]
    pruned = world.ask("PATCH", "/records/prune", connection=None, json={})
    assert world.code(pruned) == (400, "invalid_body")
