"""Connecting: validate, verify, seal, save; and nothing of it when something is wrong."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from connectors import ConfigError, InputError, UnknownConnection, VaultError
from connectors.engine.connections import Deleted
from connectors.engine.host import Host
from connectors.engine.records import read_records
from connectors.engine.settings import Settings
from connectors.engine.vault import Vault
from tests.engine.conftest import stored_octets

KEY = "C0FFEE00C0FFEE11C0FFEE22"
CONFIG = {"instance": "acme", "username": "me@acme.example"}


@pytest.fixture
def host(tmp_path, database_url):
    with Host.open(Settings.load({"DATABASE_URL": database_url}, home=tmp_path / "home")) as opened:
        yield opened


def connect(host, *, environment="dev", id="acme", **changes):
    given = {"config": CONFIG, "credentials": {"apiKey": KEY}, "verify": False, **changes}
    return host.connections.connect(environment, provider="paligo", id=id, **given)


def test_what_is_stored_opens_to_the_same_connection(host):
    stored = connect(host, metadata={"plan": "enterprise"})
    opened = host.connections.open(host.connections.get("dev", "acme"))
    assert opened.credentials["apiKey"] == KEY
    assert dict(opened.connection_config) == CONFIG
    assert stored.metadata == {"plan": "enterprise"}


def test_all_problems_are_told_at_once_and_nothing_is_stored(host):
    with pytest.raises(ConfigError) as caught:
        connect(host, config={"instance": "a b", "username": "nobody"}, credentials={})
    assert [problem.field for problem in caught.value.problems] == ["instance", "username", "apiKey"]
    assert host.connections.list("dev") == []


def test_connecting_again_replaces_the_credentials_and_keeps_metadata_and_records(host):
    connect(host, metadata={"plan": "enterprise", "note": 1})
    again = connect(host, credentials={"apiKey": "NEW0KEY0"}, metadata={"note": 2})
    assert len(host.connections.list("dev")) == 1
    assert again.metadata == {"plan": "enterprise", "note": 2}
    assert host.connections.open(again).credentials["apiKey"] == "NEW0KEY0"


def test_an_unknown_plan_is_refused_with_the_choices(host):
    connect(host)
    with pytest.raises(ConfigError, match="business, enterprise, none"):
        host.connections.set_metadata("dev", "acme", {"plan": "gold"})
    assert host.connections.get("dev", "acme").metadata == {}


def test_metadata_set_to_nothing_goes_away(host):
    connect(host, metadata={"plan": "enterprise", "note": 1})
    assert host.connections.set_metadata("dev", "acme", {"note": None}).metadata == {"plan": "enterprise"}


def test_metadata_that_no_json_can_hold_is_refused(host):
    connect(host)
    endless: list = []
    endless.append(endless)
    for value in (float("nan"), object(), endless):
        with pytest.raises(InputError, match="metadata"):
            host.connections.set_metadata("dev", "acme", {"note": value})


def test_another_environments_connection_is_an_unknown_one(host):
    connect(host, environment="prod")
    for ask in (
        lambda: host.connections.get("dev", "acme"),
        lambda: host.connections.set_metadata("dev", "acme", {}),
        lambda: host.connections.delete("dev", "acme"),
        lambda: list(read_records(host, "dev", "acme", "Document")),
    ):
        with pytest.raises(UnknownConnection) as caught:
            ask()
        with pytest.raises(UnknownConnection) as never:
            host.connections.get("dev", "never-was")
        assert caught.value.message.replace("acme", "never-was") == never.value.message


def test_one_id_in_two_integrations_asks_which(host):
    connect(host, integration="paligo-eu")
    connect(host, integration="paligo-us")
    with pytest.raises(UnknownConnection, match="paligo-eu, paligo-us"):
        host.connections.get("dev", "acme")
    assert host.connections.get("dev", "acme", "paligo-us").integration == "paligo-us"


def test_an_integration_belongs_to_one_provider(host, tmp_path, database_url):
    file = tmp_path / "more.yaml"
    file.write_text(
        "other: {display_name: O, auth_mode: NONE, docs: https://o.example, proxy: {base_url: https://o.example}}"
    )
    connect(host, integration="mine")
    with (
        Host.open(Settings.load({"DATABASE_URL": database_url}, home=tmp_path / "home"), providers=[file]) as second,
        pytest.raises(InputError, match="mine"),
    ):
        second.connections.connect("dev", provider="other", id="o", config={}, credentials={}, integration="mine")


@pytest.mark.parametrize("id_", ["", " ", "a\nb", "x" * 256, "\x7f"])
def test_an_id_that_could_confuse_is_refused(host, id_):
    with pytest.raises(InputError):
        connect(host, id=id_)


def test_deleting_takes_records_and_runs_along(toy):
    toy.fill(5)
    toy.run()
    assert toy.host.connections.delete("dev", "acme") == Deleted(records=5, runs=1)
    left = {
        table: toy.host.store.database.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("connections", "streams", "records", "rejects", "syncs", "passes", "seen", "runs")
    }
    assert set(left.values()) == {0}


def test_the_database_holds_the_key_in_no_encoding(host):
    connect(host)
    raw = stored_octets(host)
    pair = f"{CONFIG['username']}:{KEY}"
    for secret in (KEY, pair):
        forms = (secret, base64.b64encode(secret.encode()).decode(), quote(secret, safe=""), json.dumps(secret)[1:-1])
        for form in forms:
            assert form.encode() not in raw


def test_neither_the_stored_nor_the_open_connection_shows_the_key(host):
    stored = connect(host)
    opened = host.connections.open(stored)
    for text in (repr(stored), str(stored.to_dict()), repr(opened), repr(host.client(stored))):
        assert KEY not in text


def test_credentials_moved_to_another_connection_do_not_open(host):
    connect(host)
    connect(host, id="other", credentials={"apiKey": "OTHER0KEY"})
    database = host.store.database
    database.write(
        lambda connection: connection.execute(
            "UPDATE connections SET sealed = (SELECT sealed FROM connections WHERE id = 'acme') WHERE id = 'other'"
        )
    )
    with pytest.raises(VaultError):
        host.connections.open(host.connections.get("dev", "other"))


def test_rotation_seals_everything_with_the_newest_key(host):
    connect(host)
    connect(host, id="second")
    old = host.vault
    newest = b"n" * 32
    keys = Settings.load({}, home=host.settings.home)
    before, _ = Vault.from_settings(keys)
    assert before.newest_id == old.newest_id
    host.vault = Vault([newest, *old_keys(host)])
    assert host.connections.rotate() == 2
    assert host.connections.rotate() == 0
    host.vault = Vault([newest])
    assert host.connections.open(host.connections.get("dev", "acme")).credentials["apiKey"] == KEY


def old_keys(host):
    from connectors.engine.keys import read_key_file

    return read_key_file(host.settings.home)


def test_a_key_file_is_made_when_something_is_sealed_and_not_before(host):
    assert host.connections.list("dev") == []
    assert not (host.settings.home / "vault.key").exists()
    connect(host)
    assert (host.settings.home / "vault.key").exists()
    assert "vault.key" in host.key_note


def test_a_lost_key_is_named_as_such_and_no_new_one_hides_the_loss(host, database_url):
    connect(host)
    (host.settings.home / "vault.key").unlink()
    with Host.open(Settings.load({"DATABASE_URL": database_url}, home=host.settings.home)) as again:
        with pytest.raises(VaultError, match="no key"):
            again.connections.open(again.connections.get("dev", "acme"))
        assert not (host.settings.home / "vault.key").exists()
