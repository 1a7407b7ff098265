import json

import pytest


def metadata(run, *changes, code=0):
    options = [text for change in changes for text in ("--metadata", change)]
    return run("connections", "set", "acme", *options, "--json", code=code)


def test_an_empty_environment_says_how_to_begin(run):
    assert "connectors connect" in run("connections", "list").stderr


def test_environments_are_apart(run, connected):
    assert "acme" in run("connections", "list").stdout
    assert run("connections", "list", "--env", "other", "--json").stdout.strip() == "[]"
    assert "error [unknown_connection]" in run("--env", "other", "connections", "show", "acme", code=2).stderr


def test_metadata_is_json_where_it_is_json_and_text_elsewhere(run, connected):
    changes = ("a=1", "b=true", "c=[1, 2]", 'd={"x": null}', "e=text", "f=a=b", "g=007")
    stored = json.loads(metadata(run, *changes).stdout)["metadata"]
    assert stored == {
        "plan": "none",
        "a": 1,
        "b": True,
        "c": [1, 2],
        "d": {"x": None},
        "e": "text",
        "f": "a=b",
        "g": "007",
    }


def test_metadata_without_a_value_is_removed(run, connected):
    metadata(run, "a=1")
    assert json.loads(metadata(run, "a=").stdout)["metadata"] == {"plan": "none"}


def test_an_unknown_plan_is_refused_with_the_choices(run, connected):
    assert "business, enterprise, none" in metadata(run, "plan=gold", code=2).stderr


@pytest.mark.parametrize("name", ["plans", "Plan", "pln"])
def test_a_name_that_looks_like_plan_is_told(run, connected, name):
    assert f"the metadata {name} means nothing here; did you mean plan?" in metadata(run, f"{name}=business").stderr
    assert "note:" not in metadata(run, "colour=red", f"{name}=").stderr


def test_the_listing_shows_the_plan_that_counts(run, connected):
    assert " none " in run("connections", "list").stdout
    metadata(run, "plan=")
    assert "business (default)" in run("connections", "list").stdout


def test_set_without_anything_to_set_is_bad_input(run, connected):
    assert "--metadata" in metadata(run, code=2).stderr


def test_check_says_that_the_credentials_work(run, connected):
    assert json.loads(run("connections", "check", "acme", "--json").stdout)["ok"] is True


@pytest.mark.parametrize("status", [401, 403])
def test_check_ends_with_4_when_refused_and_the_listing_remembers(run, connected, status):
    connected.change(non_admin=status)
    result = run("connections", "check", "acme", "--json", code=4)
    assert json.loads(result.stdout)["error"]["status"] == status
    assert json.loads(result.stdout)["error"]["code"] in run("connections", "list").stdout


def test_deleting_needs_a_yes(run, connected):
    result = run("connections", "delete", "acme", code=3)
    assert "--yes" in result.stderr
    assert "acme" in run("connections", "list").stdout


def test_deleting_takes_the_records_along(run, connected):
    run("sync", "documents", "--connection", "acme")
    assert "24 records, 1 run." in run("connections", "delete", "acme", "--yes").stdout
    assert run("connections", "list", "--json").stdout.strip() == "[]"


def test_show_counts_what_is_stored(run, connected):
    run("sync", "documents", "--connection", "acme")
    assert "Document: 24 records, 0 deleted" in run("connections", "show", "acme").stdout


def test_one_id_under_two_integrations_asks_which(run, connected, key_file):
    given = ("--config", f"instance={connected.instance}", "--config", f"username={connected.username}")
    secret = ("--credential", f"apiKey=@{key_file}")
    run("connect", "paligo", "--id", "acme", "--integration", "paligo-eu", *given, *secret)
    assert "--integration" in run("connections", "show", "acme", code=2).stderr
    shown = run("connections", "show", "acme", "--integration", "paligo-eu", "--json")
    assert json.loads(shown.stdout)["integration"] == "paligo-eu"
