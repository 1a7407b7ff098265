"""Integrations: configured once, sealed, and of one environment only."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from connectors import ConfigError, InputError, UnknownIntegration, UnknownProvider, VaultError
from connectors.engine.host import Host
from connectors.engine.keys import read_key_file
from connectors.engine.settings import Settings
from connectors.engine.vault import Vault
from tests.engine.conftest import stored_octets

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
keyed:
  display_name: Keyed
  auth_mode: API_KEY
  proxy: {base_url: https://api.keyed.example, headers: {x-key: "${apiKey}"}}
  integration_config:
    place: {type: string, title: Place, description: Where., enum: [header, query], default_value: header}
    salt: {type: string, title: Salt, description: Secret., secret: true}
    note: {type: string, title: Note, description: A note., optional: true}
other:
  display_name: Other
  auth_mode: API_KEY
  proxy: {base_url: https://api.other.example}
"""
SECRET = 's3cr3t/"\u00e9+client'


@pytest.fixture
def settings(tmp_path, database_url):
    return Settings.load({"DATABASE_URL": database_url}, home=tmp_path / "home")


@pytest.fixture
def host(settings, tmp_path):
    (tmp_path / "more.yaml").write_text(DEFINITIONS)
    with Host.open(settings, providers=[tmp_path / "more.yaml"]) as opened:
        yield opened


def create(host, key="crm", *, environment="dev", **given):
    given = {"provider": "crm", "client_id": "id-1", "client_secret": SECRET, **given}
    return host.integrations.create(environment, key, **given)


def test_what_was_configured_opens_again(host):
    stored = create(host, scopes=" read , write,,admin ", hosts=["Files.CRM.example", "files.crm.example:8443"])
    opened = host.integrations.open(host.integrations.get("dev", "crm"))
    assert (opened.unique_key, opened.client_id, opened.client_secret) == ("crm", "id-1", SECRET)
    assert opened.scopes == "read,write,admin"
    assert opened.hosts == {"files.crm.example", "files.crm.example:8443"}
    assert stored.secrets == ("client_secret",)


def test_without_scopes_those_of_the_definition_count(host):
    assert create(host).scopes == "read,write"
    assert create(host, "bare", scopes="").scopes == ""


def test_an_integration_that_connecting_makes_has_the_scopes_of_the_definition_too(host):
    assert host.integrations.of("dev", "crm", "crm").scopes == "read,write"
    host.store.environments.ensure("dev", "crm", "crm", now=1.0, scopes="read,write")
    assert host.integrations.of("dev", "crm", "crm").scopes == "read,write"


def test_the_key_of_an_integration_is_taken_once_in_an_environment(host):
    create(host)
    with pytest.raises(InputError, match="already"):
        create(host, client_id="id-2")
    assert host.integrations.get("dev", "crm").client_id == "id-1"
    assert create(host, environment="prod", client_id="id-2").client_id == "id-2"


def test_another_environments_integration_is_an_unknown_one(host):
    create(host, environment="prod")
    for ask in (
        lambda: host.integrations.get("dev", "crm"),
        lambda: host.integrations.update("dev", "crm", client_id="x"),
        lambda: host.integrations.delete("dev", "crm"),
    ):
        with pytest.raises(UnknownIntegration) as caught:
            ask()
        with pytest.raises(UnknownIntegration) as never:
            host.integrations.get("dev", "never-was")
        assert caught.value.message.replace("'crm'", "'never-was'") == never.value.message
    assert host.integrations.list("dev") == []
    assert host.integrations.get("prod", "crm").client_id == "id-1"


def test_a_connection_never_gets_the_integration_of_another_environment(host):
    create(host, "other", environment="prod", provider="other", hosts=["files.other.example"])
    given = {"provider": "other", "id": "a", "config": {}, "credentials": {"apiKey": "k"}, "verify": False}
    mine = host.connections.open(host.connections.connect("dev", **given))
    theirs = host.connections.open(host.connections.connect("prod", **given))
    assert (mine.integration.client_id, mine.integration.hosts) == ("", frozenset())
    assert (theirs.integration.client_id, theirs.integration.hosts) == ("id-1", {"files.other.example"})
    assert host.policy_for(mine.integration).allowed_hosts == frozenset()
    assert host.policy_for(theirs.integration).allowed_hosts == {"files.other.example"}


def test_switched_off_no_integration_allows_a_host(tmp_path):
    settings = Settings.load({"CONNECTORS_BASE_URL_OVERRIDE": "off"}, home=tmp_path / "home")
    with Host.open(settings) as host:
        host.integrations.create("dev", "paligo", provider="paligo", hosts=["files.example"])
        opened = host.integrations.of("dev", "paligo", "paligo")
        assert host.policy_for(opened).allowed_hosts == frozenset()


@pytest.mark.parametrize(
    "text", ["", "https://api.example", "api.example/x", "a b", "me@api.example", "x?y", "[::1", "a:99999"]
)
def test_what_is_no_host_is_refused(host, text):
    with pytest.raises(InputError, match="no host"):
        create(host, hosts=[text])


def test_own_fields_are_checked_and_their_secrets_sealed(host):
    stored = create(host, "keyed", provider="keyed", custom={"salt": "SALT0SECRET", "note": "n"})
    assert dict(stored.custom) == {"place": "header", "note": "n"}
    assert stored.secrets == ("client_secret", "salt")
    opened = host.integrations.open(stored)
    assert dict(opened.custom) == {"place": "header", "note": "n", "salt": "SALT0SECRET"}


def test_own_fields_that_do_not_fit_are_refused_and_nothing_is_stored(host):
    with pytest.raises(ConfigError):
        create(host, "keyed", provider="keyed", custom={"place": "body"})
    with pytest.raises(InputError, match="has none"):
        create(host, custom={"anything": "x"})
    with pytest.raises(InputError, match="app_id, app_link, private_key"):
        create(host, "app", provider="app", custom={"key": "x"})
    assert host.integrations.list("dev") == []


def test_own_fields_of_an_app_are_taken_without_a_description(host):
    stored = create(host, "app", provider="app", custom={"app_id": "7", "private_key": "UEVN"})
    assert dict(stored.custom) == {"app_id": "7"}
    assert host.integrations.open(stored).custom["private_key"] == "UEVN"


def test_an_update_changes_what_is_given_and_nothing_else(host):
    create(host, "keyed", provider="keyed", custom={"salt": "SALT0SECRET", "note": "n"}, hosts=["a.example"])
    host.integrations.update("dev", "keyed", client_id="id-2", custom={"note": ""})
    opened = host.integrations.open(host.integrations.get("dev", "keyed"))
    assert (opened.client_id, opened.client_secret, opened.hosts) == ("id-2", SECRET, {"a.example"})
    assert dict(opened.custom) == {"place": "header", "salt": "SALT0SECRET"}
    cleared = host.integrations.update("dev", "keyed", client_secret="", hosts=[])
    assert cleared.secrets == ("salt",)
    assert cleared.hosts == ()


def test_an_integration_with_connections_is_not_deleted(host):
    create(host, "other", provider="other")
    given = {"provider": "other", "config": {}, "credentials": {"apiKey": "k"}, "verify": False}
    host.connections.connect("dev", id="a", **given)
    assert [row.connections for row in host.integrations.list("dev")] == [1]
    with pytest.raises(InputError, match="1 connection"):
        host.integrations.delete("dev", "other")
    host.connections.delete("dev", "a")
    host.integrations.delete("dev", "other")
    assert host.integrations.list("dev") == []


def test_an_unknown_provider_and_a_name_that_cannot_be_are_refused(host):
    with pytest.raises(UnknownProvider):
        create(host, provider="crn")
    for key in ("", "a/b", " a", "a\n", "x" * 256):
        with pytest.raises(InputError, match="integration key"):
            create(host, key)


@pytest.mark.parametrize("given", [{"client_id": "a\0b"}, {"client_secret": 7}, {"scopes": "x" * 70_000}])
def test_what_no_request_could_carry_is_refused(host, given):
    with pytest.raises(InputError):
        create(host, **given)
    assert host.integrations.list("dev") == []


def test_the_database_and_the_rows_hold_no_secret_in_any_encoding(host):
    stored = create(host, "keyed", provider="keyed", custom={"salt": SECRET})
    host.integrations.update("dev", "keyed", client_id="id-2")
    octets = stored_octets(host)
    shown = f"{stored!r} {host.integrations.open(stored)!r} {json.dumps(stored.to_dict())}"
    for form in (SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), SECRET.encode().hex()):
        assert form.encode() not in octets
        assert form not in shown
    for start in range(3):  # Base64 of it inside anything longer
        inner = base64.b64encode(b"x" * start + SECRET.encode()).decode()[4:-4]
        assert inner.encode() not in octets


def test_secrets_moved_to_another_integration_do_not_open(host):
    create(host)
    create(host, "second")
    connection = host.store.database.connection
    connection.execute(
        "UPDATE integrations SET sealed = (SELECT sealed FROM integrations WHERE unique_key = 'crm')"
        " WHERE unique_key = 'second'"
    )
    with pytest.raises(VaultError):
        host.integrations.open(host.integrations.get("dev", "second"))


def test_rotation_seals_the_secrets_of_integrations_too(host):
    stored = create(host)
    newest = b"n" * 32
    host.vault = Vault([newest, *read_key_file(host.settings.home)])
    assert host.connections.rotate() == 1
    assert host.connections.rotate() == 0
    host.vault = Vault([newest])
    again = host.integrations.get("dev", "crm")
    assert again.sealed != stored.sealed
    assert host.integrations.open(again).client_secret == SECRET


def test_who_lost_the_key_gives_an_integrations_secrets_anew(host):
    host.integrations.create("dev", "crm", provider="crm", client_id="id", client_secret="old", scopes="read")
    host.vault = Vault([b"n" * 32])
    with pytest.raises(VaultError):
        host.integrations.update("dev", "crm", scopes="write")
    stored = host.integrations.update("dev", "crm", client_secret="new")
    opened = host.integrations.open(stored)
    assert (opened.client_id, opened.client_secret, opened.scopes) == ("id", "new", "read")
