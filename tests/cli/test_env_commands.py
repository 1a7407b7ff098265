"""`connectors env`: environments and their secret keys."""

from __future__ import annotations

import json
import re

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_a_key_is_shown_when_it_is_made_and_never_again(run):
    key = UUID4.search(run("env", "create", "prod").stdout)[0]
    assert key not in run("env", "list").output
    assert key not in run("env", "keys", "prod").output
    assert json.loads(run("env", "list", "--json").stdout)[0]["name"] == "prod"


def test_an_environment_is_made_once(run):
    run("env", "create", "prod")
    assert "has keys already" in run("env", "create", "prod", code=2).output


def test_keys_are_added_limited_and_revoked(run):
    run("env", "create", "prod")
    made = json.loads(run("env", "keys", "prod", "--add", "reader", "--scope", "records:read", "--json").stdout)
    listed = {each["name"]: each for each in json.loads(run("env", "keys", "prod", "--json").stdout)}
    assert listed["reader"]["scopes"] == ["records:read"]
    assert listed["first"]["scopes"] == []
    run("env", "keys", "prod", "--revoke", made["id"])
    assert "no key" in run("env", "keys", "prod", "--revoke", made["id"], code=2).output
    assert "is no scope" in run("env", "keys", "prod", "--add", "x", "--scope", "all", code=2).output


def test_the_only_key_is_rotated_without_naming_it(run):
    first = UUID4.search(run("env", "create", "prod").stdout)[0]
    newer = json.loads(run("env", "rotate", "prod", "--grace", "60", "--json").stdout)
    assert newer["key"] != first
    assert "2 keys that are good now" in run("env", "rotate", "prod", code=2).output
    run("env", "rotate", "prod", newer["id"])


def test_the_signing_key_begins_as_the_first_key_and_rotates_by_itself(run, home):
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings

    first = UUID4.search(run("env", "create", "prod").stdout)[0]
    with Host.open(Settings.load(home=home)) as host:
        assert host.environments.signing_key("prod") == first
    assert "Webhooks are signed as before" in run("env", "rotate", "prod").stderr
    with Host.open(Settings.load(home=home)) as host:
        assert host.environments.signing_key("prod") == first
    rotated = UUID4.search(run("env", "rotate", "prod", "--signing-key").stdout)[0]
    with Host.open(Settings.load(home=home)) as host:
        assert host.environments.signing_key("prod") == rotated
        assert host.environments.of_key(rotated) is None


def test_the_signing_key_survives_a_new_vault_key(run, home):
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings

    first = UUID4.search(run("env", "create", "prod").stdout)[0]
    run("vault", "rotate")
    with Host.open(Settings.load(home=home)) as host:
        assert host.environments.signing_key("prod") == first


def test_an_unknown_environment_is_said(run):
    run("env", "create", "prod")
    for words in (("keys", "nope"), ("rotate", "nope"), ("rotate", "nope", "--signing-key")):
        assert "There is no environment 'nope'" in run("env", *words, code=2).output
