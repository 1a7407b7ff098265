import json
import re
from pathlib import Path

import pytest
import yaml


def test_runs_are_listed_newest_first(run, connected):
    assert "No run yet" in run("runs").stderr
    for _ in range(3):
        run("sync", "documents", "--connection", "acme")
    found = json.loads(run("runs", "--json", "--limit", "2", "--connection", "acme").stdout)
    assert [row["id"] for row in found] == [3, 2]
    assert found[0]["trigger"] == "command"
    assert found[0]["started_at"].endswith("Z")
    assert len(run("runs").stdout.splitlines()) == 4


def test_a_failed_run_shows_why(run, connected):
    connected.change(non_admin=403)
    run("sync", "documents", "--connection", "acme", code=4)
    assert "not_allowed: " in run("runs").stdout


def test_runs_of_an_unknown_connection_are_bad_input(run):
    run("runs", "--connection", "acme", code=2)


def test_one_run_is_shown_with_the_requests_that_it_sent(run, connected):
    run("sync", "taxonomies", "--connection", "acme")
    assert re.search(r"^state +success$", run("runs", "show", "1").stdout, re.MULTILINE)
    text = run("runs", "show", "1", "--requests").stdout
    assert re.search(r" POST +201 .* https://\S+/api/v2/search/", text)
    found = json.loads(run("runs", "show", "1", "--requests", "--json").stdout)
    assert found["requests"] == len(found["requests_sent"])
    assert found["requests_sent"][0]["at"].endswith("Z")
    assert "no run 7" in run("runs", "show", "7", code=2).stderr


def test_syncs_show_records_and_the_last_success(run, connected):
    def documents(*more):
        rows = json.loads(run("syncs", *more, "--json").stdout)
        return next(row for row in rows if row["sync"] == "documents")

    assert documents() == {
        "connection": "acme",
        "integration": "paligo",
        "sync": "documents",
        "model": "Document",
        "every": "6h",
        "records": 0,
        "succeeded_at": None,
        "last_run": None,
        "cost": "⌈N/100⌉ + 1 + changed",
        "estimate": {"items": 5000, "requests": 5051, "seconds": 0.0, "plan": "none"},
    }
    run("sync", "documents", "--connection", "acme")
    row = documents("--connection", "acme")
    assert (row["records"], row["last_run"]) == (24, "success")
    assert row["succeeded_at"].endswith("Z")
    assert "24" in run("syncs").stdout


@pytest.mark.parametrize(("plan", "time"), [("business", "1 h 40 min"), ("enterprise", "19 min"), ("none", "at once")])
def test_syncs_show_what_a_run_costs_on_the_connections_plan(run, connected, plan, time):
    run("connections", "set", "acme", "--metadata", f"plan={plan}")
    line = next(line for line in run("syncs").stdout.splitlines() if " documents " in line)
    assert "⌈N/100⌉ + 1 + changed " in line
    assert line.endswith(f"  {time}")


def test_syncs_without_connections_say_how_to_begin(run):
    assert "connectors connect" in run("syncs").stderr


def test_providers_are_listed_with_auth_mode_and_fields(run):
    (row,) = json.loads(run("providers", "list", "--json").stdout)
    assert (row["name"], row["auth_mode"]) == ("paligo", "API_KEY")
    assert [field["name"] for field in row["fields"]] == ["instance", "username", "apiKey"]
    assert "instance, username, apiKey" in run("providers", "list").stdout


def test_a_provider_shows_what_each_field_expects(run):
    shown = run("providers", "show", "paligo").stdout
    for text in ("Paligo Instance Name (--config instance=VALUE)", "(--credential apiKey=@FILE), secret", "mycompany"):
        assert text in shown
    assert "business 50, enterprise 250" in shown
    assert Path(re.search(r"how to connect +(.+)", shown)[1]).is_file()
    assert "documents" in json.loads(run("providers", "show", "paligo", "--json").stdout)["syncs"]


def test_a_broken_definition_does_not_hide_the_others(run, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text("broken:\n    auth_mode: NONE\n    display_name: [1]\nsound:\n    auth_mode: NONE\n")
    rows = {row["name"]: row for row in json.loads(run("providers", "list", "--json", "--providers", str(file)).stdout)}
    assert set(rows) == {"paligo", "broken", "sound"}
    assert "display_name" in rows["broken"]["problem"]


def test_check_names_file_line_and_path(run, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text("some:\n    auth_mode: API_KEY\n    proxy:\n        base_url: 7\n")
    result = run("providers", "check", str(file), code=1)
    assert f"{file}:4: some.proxy.base_url: " in result.stdout
    (finding,) = [
        each for each in json.loads(run("providers", "check", str(file), "--json", code=1).stdout) if each["line"] == 4
    ]
    assert (finding["file"], finding["severity"]) == (str(file), "error")


def test_check_of_our_own_definitions_finds_nothing(run, pytestconfig):
    assert run("providers", "check", str(pytestconfig.rootpath / "providers.yaml")).stdout == ""


def test_check_of_a_file_that_is_not_there_is_bad_input(run, tmp_path):
    assert "error [invalid_definition]" in run("providers", "check", str(tmp_path / "none"), code=2).stderr


@pytest.mark.parametrize("names", [("paligo",), ()])
def test_export_leaves_our_extension_out(run, names):
    definitions = yaml.safe_load(run("providers", "export", *names).stdout)
    assert definitions["paligo"]["auth_mode"] == "API_KEY"
    assert "rate_limits" not in definitions["paligo"]
