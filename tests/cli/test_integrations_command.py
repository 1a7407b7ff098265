"""`connectors integrations`: no secret on the command line, none in the output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.engine.host import Host
from connectors.engine.settings import Settings

DEFINITIONS = """
crm:
    display_name: CRM
    auth_mode: OAUTH2
    authorization_url: https://crm.example/authorize
    token_url: https://crm.example/token
    default_scopes: [read, write]
    proxy: {base_url: https://api.crm.example}
app:
    display_name: App
    auth_mode: APP
    token_url: https://app.example/token
    proxy: {base_url: https://api.app.example}
"""
SECRET = "typed-Secret/9+"


@pytest.fixture
def definitions(tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text(DEFINITIONS)
    return ("--providers", str(file))


@pytest.fixture
def secret_file(tmp_path):
    file = tmp_path / "client.secret"
    file.write_text(f"{SECRET}\n")
    return file


@pytest.fixture
def created(run, definitions, secret_file):
    given = ("--client-id", "id-1", "--client-secret", f"@{secret_file}", "--allow-host", "files.crm.example")
    return run(*definitions, "integrations", "create", "mine", "--provider", "crm", *given)


def opened(home, definitions, key="mine"):
    with Host.open(Settings.load({}, home=home), providers=[Path(definitions[1])]) as host:
        return host.integrations.open(host.integrations.get("dev", key))


def test_an_integration_is_created_and_the_next_step_is_named(created, home, definitions):
    assert "Created mine for CRM" in created.stdout
    assert f"connectors --providers {definitions[1]} connect crm --integration mine" in created.stderr
    assert (opened(home, definitions).client_id, opened(home, definitions).client_secret) == ("id-1", SECRET)


def test_the_secret_never_shows(created, run, definitions):
    shown = created.output
    for command in (("list",), ("list", "--json"), ("show", "mine"), ("show", "mine", "--json")):
        shown += run(*definitions, "integrations", *command).output
    shown += run(*definitions, "doctor", code=None).output
    assert SECRET not in shown


def test_programs_get_everything_but_the_secrets(created, run, definitions):
    (row,) = json.loads(run(*definitions, "integrations", "list", "--json").stdout)
    assert row["unique_key"] == "mine"
    assert row["secrets"] == ["client_secret"]
    assert row["scopes"] == "read,write"
    assert row["hosts"] == ["files.crm.example"]
    assert row["connections"] == 0
    shown = run(*definitions, "integrations", "show", "mine").stdout
    assert "[secret]" in shown
    assert "files.crm.example" in shown


@pytest.mark.parametrize(
    "typed",
    [
        ("--client-secret", SECRET),
        ("--client-secret", f"@{SECRET}"),
        ("--custom", SECRET),
        ("--custom", f"private_key={SECRET}"),
        (SECRET,),
        (f"--client-secrt={SECRET}",),
    ],
)
def test_a_typed_secret_is_refused_and_never_repeated(run, definitions, typed):
    provider = "app" if "private_key" in typed[-1] else "crm"
    result = run(*definitions, "integrations", "create", "mine", "--provider", provider, *typed, "--json", code=2)
    assert SECRET not in result.output
    assert "Traceback" not in result.output


def test_a_secret_comes_from_standard_input_or_a_variable(run, definitions, home, monkeypatch):
    create = (*definitions, "integrations", "create")
    run(*create, "mine", "--provider", "crm", "--client-id", "i", "--client-secret", "@-", stdin=f"{SECRET}\n")
    assert opened(home, definitions).client_secret == SECRET
    monkeypatch.setenv("CONNECTORS_CREDENTIAL_CLIENT_SECRET", "from-a-variable")
    run(*create, "second", "--provider", "crm", "--client-id", "i")
    assert opened(home, definitions, "second").client_secret == "from-a-variable"
    monkeypatch.setenv("CONNECTORS_CREDENTIAL_PRIVATE_KEY", "UEVN")
    run(*create, "app", "--provider", "app", "--custom", "app_id=7")
    assert opened(home, definitions, "app").custom == {"app_id": "7", "private_key": "UEVN"}


def test_an_update_changes_what_is_given(created, run, definitions, home, tmp_path):
    update = (*definitions, "integrations", "update", "mine")
    assert "client id" in run(*update, "--client-id", "id-2").stdout
    assert (opened(home, definitions).client_id, opened(home, definitions).client_secret) == ("id-2", SECRET)
    (tmp_path / "empty").write_text("")
    run(*update, "--client-secret", f"@{tmp_path / 'empty'}", "--no-hosts", "--scopes", "read")
    assert (opened(home, definitions).client_secret, opened(home, definitions).hosts) == ("", frozenset())
    assert opened(home, definitions).scopes == "read"
    assert "nothing to change" in run(*update, code=2).stderr
    assert "Give one of them" in run(*update, "--no-hosts", "--allow-host", "a.example", code=2).stderr


def test_deleting_needs_a_yes(created, run, definitions):
    delete = (*definitions, "integrations", "delete", "mine")
    assert "needs a yes" in run(*delete, code=3).stderr
    assert "Deleted mine" in run(*delete, "--yes").stdout
    assert "[unknown_integration]" in run(*delete, "--yes", code=2).stderr


def test_where_nothing_is_it_says_so_and_makes_nothing(run, definitions, home):
    assert json.loads(run(*definitions, "integrations", "list", "--json").stdout) == []
    empty = run(*definitions, "integrations", "list")
    assert empty.stdout == ""
    assert "integrations create KEY --provider NAME" in empty.stderr
    assert "[unknown_integration]" in run(*definitions, "integrations", "show", "mine", code=2).stderr
    assert not home.exists()


def test_another_environments_integration_is_an_unknown_one(created, run, definitions):
    elsewhere = (*definitions, "--env", "prod", "integrations")
    assert json.loads(run(*elsewhere, "list", "--json").stdout) == []
    assert "[unknown_integration]" in run(*elsewhere, "show", "mine", code=2).stderr
    assert "[unknown_integration]" in run(*elsewhere, "update", "mine", "--client-id", "x", code=2).stderr


def test_an_unknown_provider_and_a_taken_key_are_bad_input(created, run, definitions):
    assert "[unknown_provider]" in run("integrations", "create", "x", "--provider", "crn", code=2).stderr
    again = run(*definitions, "integrations", "create", "mine", "--provider", "crm", "--client-id", "i", code=2)
    assert "already" in again.stderr
