"""Commands over syncs, their status, frequency and variants over HTTP."""

from __future__ import annotations

import pytest

from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from tests.server.data_world import World


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url).start()
    yield made
    made.close()


def command(world, name, **body):
    given = {"syncs": ["things"], "provider_config_key": "desk", "connection_id": "acme"} | body
    given = {key: value for key, value in given.items() if value is not ...}
    return world.ask("POST", f"/sync/{name}", json=given, connection=None)


def status(world, syncs="*", more="&connection_id=acme"):
    answer = world.ask("GET", f"/sync/status?syncs={syncs}&provider_config_key=desk{more}", connection=None)
    assert answer.status_code == 200, answer.text
    return answer.json()["syncs"]


def schedule(world, variant="base"):
    stored = world.host.connections.get("dev", "acme", "desk")
    return world.host.store.schedules.find("dev", stored.key, "things", variant)


def test_a_sync_that_never_ran_is_a_success_without_an_end(world):
    (item,) = status(world)
    assert (item["name"], item["variant"], item["connection_id"]) == ("things", "base", "acme")
    assert (item["status"], item["checkpoint"]) == ("SUCCESS", None)
    assert "latestExecutionStatus" not in item
    assert item["recordCount"] == {"Thing": 0}
    assert not {"finishedAt", "latestResult"} & item.keys()


def test_status_counts_what_the_last_run_did(world):
    world.fill(3)
    world.sync()
    (item,) = status(world)
    assert item["latestResult"] == {"Thing": {"added": 3, "updated": 0, "deleted": 0}}
    assert (item["recordCount"], item["latestExecutionStatus"]) == ({"Thing": 3}, "SUCCESS")
    assert item["finishedAt"].endswith("Z")


def test_names_that_are_unknown_are_left_out_of_a_status(world):
    assert status(world, "no-such,things")[0]["name"] == "things"
    assert status(world, "no-such") == []
    assert len(status(world, "things", more="")) == 1


def test_pause_and_start_switch_a_schedule(world):
    assert command(world, "pause").json() == {"success": True}
    (item,) = status(world)
    assert (item["status"], item["nextScheduledSyncAt"]) == ("PAUSED", None)
    assert command(world, "pause").status_code == 200
    assert command(world, "start").json() == {"success": True}
    assert status(world)[0]["status"] == "SUCCESS"


def test_no_names_mean_all_and_no_connection_means_every_one(world):
    world.connect("second")
    assert command(world, "pause", syncs=[], connection_id=...).status_code == 200
    assert {item["status"] for item in status(world, more="")} == {"PAUSED"}
    assert len(status(world, more="")) == 2


@pytest.mark.parametrize(
    ("body", "reset", "empty"),
    [
        ({}, False, False),
        ({"opts": {"reset": True, "emptyCache": True}}, True, True),
        ({"opts": {"reset": True}}, True, False),
        ({"opts": {}}, False, False),
        ({"sync_mode": "incremental"}, False, False),
        ({"sync_mode": "full_refresh"}, True, False),
        ({"sync_mode": "full_refresh_and_clear_cache"}, True, True),
        ({"full_resync": True}, True, False),
    ],
)
def test_a_trigger_asks_for_the_run_that_its_body_means(world, monkeypatch, body, reset, empty):
    asked = []
    monkeypatch.setattr(world.host.schedules, "trigger", lambda *given, **options: asked.append((given, options)))
    assert command(world, "trigger", **body).json() == {"success": True}
    ((given, options),) = asked
    assert (given[0], given[1], given[3]) == ("dev", "desk", "acme")
    assert options == {"reset": reset, "empty_cache": empty}


def test_a_trigger_is_remembered_in_the_schedule(world):
    command(world, "pause")
    assert command(world, "trigger").status_code == 200
    assert schedule(world).triggered_at is not None


def test_a_trigger_takes_integration_and_connection_from_the_headers_too(world):
    answer = world.ask("POST", "/sync/trigger", json={"syncs": ["things"]})
    assert answer.json() == {"success": True}
    nowhere = world.ask("POST", "/sync/trigger", json={"syncs": ["things"]}, connection=None)
    assert world.code(nowhere) == (400, "missing_provider_config_key")


@pytest.mark.parametrize("old", [{"sync_mode": "incremental"}, {"full_resync": False}])
def test_opts_do_not_go_with_the_old_words(world, old):
    assert world.code(command(world, "trigger", opts={"reset": True}, **old)) == (400, "invalid_body")


@pytest.mark.parametrize("name", ["trigger", "start", "pause"])
def test_commands_refuse_what_there_is_not(world, name):
    assert world.code(command(world, name, provider_config_key="no-such")) == (400, "unknown_provider_config")
    assert world.code(command(world, name, syncs=["no-such"])) == (400, "no_syncs_found")
    assert world.code(command(world, name, connection_id="nobody")) == (404, "unknown_connection")
    assert world.code(command(world, name, syncs="things")) == (400, "invalid_body")
    assert world.code(command(world, name, unknown=1)) == (400, "invalid_body")


def test_a_status_refuses_with_codes_of_its_own(world):
    def ask(query):
        return world.code(world.ask("GET", f"/sync/status?{query}", connection=None))

    assert ask("syncs=*&provider_config_key=no-such") == (400, "unknown_provider_config")
    assert ask("syncs=*&provider_config_key=desk&connection_id=nobody") == (400, "invalid_body")
    assert ask("syncs=*") == (400, "invalid_query_params")


def frequency(world, value, **body):
    given = {"sync_name": "things", "provider_config_key": "desk", "connection_id": "acme", "frequency": value} | body
    return world.ask("PUT", "/sync/update-connection-frequency", json=given, connection=None)


@pytest.mark.parametrize(("written", "told"), [("every 2 hours", "2 hours"), ("every hour", "1h"), ("45m", "45m")])
def test_a_frequency_is_answered_without_its_every_and_shown_as_it_was_written(world, written, told):
    assert frequency(world, written).json() == {"frequency": told}
    assert status(world)[0]["frequency"] == written


def test_null_is_the_declared_frequency_again(world):
    declared = status(world)[0]["frequency"]
    frequency(world, "every 2 hours")
    assert frequency(world, None).json() == {"frequency": declared}
    assert status(world)[0]["frequency"] == declared


def test_a_frequency_is_refused_with_codes_of_its_own(world):
    for text in ("sometimes", "hour", "every 5 seconds", ""):
        assert world.code(frequency(world, text)) == (400, "invalid_body")
    assert world.code(frequency(world, "1h", connection_id="nobody")) == (400, "unknown_connection")
    assert world.code(frequency(world, "1h", sync_name="no-such")) == (400, "unknown_sync")
    assert world.code(frequency(world, "1h", sync_variant="no-such")) == (400, "unknown_sync")


def variant(world, method, name, sync="things", **body):
    given = {"provider_config_key": "desk", "connection_id": "acme"} | body
    return world.ask(method, f"/sync/{sync}/variant/{name}", json=given, connection=None)


def test_a_variant_is_made_commanded_by_its_name_and_deleted(world):
    made = variant(world, "POST", "german").json()
    assert made == {"id": made["id"], "name": "things", "variant": "german"}
    assert {item["variant"] for item in status(world)} == {"base", "german"}
    assert command(world, "pause", syncs=["things::german"]).status_code == 200
    assert [item["status"] for item in status(world, "things::german")] == ["PAUSED"]
    assert command(world, "trigger", syncs=[{"name": "things", "variant": "german"}]).status_code == 200
    assert schedule(world, "german").triggered_at is not None
    assert schedule(world).triggered_at is None
    assert variant(world, "DELETE", "german").json() == {"success": True}
    assert {item["variant"] for item in status(world)} == {"base"}


def test_variants_refuse_with_codes_of_their_own(world):
    variant(world, "POST", "german")
    assert world.code(variant(world, "POST", "base")) == (400, "invalid_variant")
    assert world.code(variant(world, "POST", "german")) == (400, "sync_variant_already_exists")
    assert world.code(variant(world, "POST", "x", sync="no-such")) == (400, "unknown_sync")
    assert world.code(variant(world, "POST", "x", connection_id="nobody")) == (400, "unknown_connection")
    assert world.code(variant(world, "DELETE", "french")) == (404, "not_found")
    assert world.code(variant(world, "DELETE", "base")) == (400, "invalid_variant")


def test_deletions_that_were_held_back_are_done_when_they_are_confirmed(world):
    world.fill(30)
    world.sync()
    for number in range(20):
        del world.things[f"t{number:04}"]
    report = run_sync(world.host, "dev", "acme", "things", RunOptions(), integration="desk")
    assert report.state == "needs_confirmation"

    def confirm(run, **options):
        return world.ask("POST", "/sync/confirm-deletes", json={"run": run}, connection=None, **options)

    assert world.code(confirm(report.id, environment="other")) == world.code(confirm(report.id + 1000))
    assert world.code(confirm(report.id + 1000)) == (404, "not_found")
    assert confirm(report.id).json() == {"success": True, "deleted": 20}
    assert world.code(confirm(report.id)) == (400, "nothing_to_confirm")
    assert status(world)[0]["recordCount"] == {"Thing": 10}


def test_another_environment_cannot_command_ours(world):
    world.connect("only-ours")
    body = {"syncs": [], "provider_config_key": "desk", "connection_id": "only-ours"}
    theirs = world.ask("POST", "/sync/pause", json=body, connection=None, environment="other")
    assert world.code(theirs) == (404, "unknown_connection")
