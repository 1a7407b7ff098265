"""The Paligo connector on cassettes: recorded from the emulator over HTTPS, replayed without any socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.engine.host import Host
from connectors.engine.records import read_records
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches

ROOT = Path(__file__).parents[2]
NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z: the account is the same at every recording
CONFIG = {"instance": INSTANCE, "username": USERNAME}
CREDENTIALS = {"apiKey": API_KEY}

pytestmark = pytest.mark.vcr


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    from connectors.testing import cassette_rules

    return cassette_rules(secrets=[API_KEY, f"{USERNAME}:{API_KEY}"], emulator_only=True)


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(ROOT / "cassettes" / "paligo" / "documents")


@pytest.fixture
def account() -> Account:
    return Account.generate(documents=30, folders=6, publications=2, clock=lambda: NOW)


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture(autouse=True)
def provider(
    account: Account, switches: Switches, record_mode: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Account]:
    """Recording: the emulator over HTTPS. Replaying: nothing at all, and a socket is an error."""
    if record_mode == "none":

        def refused(*_: Any) -> None:
            pytest.fail("a replay opened a socket")

        monkeypatch.setattr(socket.socket, "connect", refused)
        for name in ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        yield account
        return
    with Emulator(account, switches, clock=lambda: NOW) as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield account


@pytest.fixture
def paligo() -> Iterator[connectors.Client]:
    with connectors.connect("paligo", CONFIG, CREDENTIALS, metadata={"plan": "none"}) as client:
        yield client


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host.open(Settings.load({}, home=tmp_path / "home")) as opened:
        opened.connections.connect(
            "dev", provider="paligo", id="acme", config=CONFIG, credentials=CREDENTIALS, metadata={"plan": "none"}
        )
        yield opened


def sync(host: Host) -> Any:
    return run_sync(host, "dev", "acme", "documents", RunOptions())


def records(host: Host) -> dict[str, Any]:
    found = read_records(host, "dev", "acme", "Document")
    return {record.id: record.data for record in found if record.deleted_at is None}


def truth(account: Account) -> dict[str, Any]:
    return {str(row["id"]): {**row, "id": str(row["id"])} for row in account.truth("documents")}


def test_credentials_are_verified_by_one_group(paligo):
    assert (paligo.verify().ok, paligo.verify().status) == (True, 200)


def test_wrong_credentials_are_told_apart_from_a_wrong_instance():
    with connectors.connect("paligo", CONFIG, {"apiKey": "DEADBEEF"}) as client:
        outcome = client.verify()
    assert (outcome.ok, outcome.status, outcome.error.code) == (False, 401, "credentials_refused")


def test_a_call_and_a_list_of_all_pages(paligo, account):
    assert paligo.get("/api/v2/groups", params={"per_page": 1}).json()["groups"]
    names = [document["name"] for document in paligo.pages("/api/v2/documents", params={"per_page": 3})]
    assert names == [row["name"] for row in account.truth("documents") if row["parent_resource"] == 0]


def test_a_filter_is_sent_with_every_page(paligo, account):
    folder = next(row for row in account.truth("documents") if row["parent_resource"])["parent_resource"]
    listed = list(paligo.pages("/api/v2/documents", params={"parent": folder, "per_page": 2}))
    assert [row["id"] for row in listed] == [
        row["id"] for row in account.truth("documents") if row["parent_resource"] == folder
    ]


def test_a_document_that_is_not_there_is_a_clear_error(paligo):
    with pytest.raises(connectors.NotFoundError) as caught:
        paligo.get("/api/v2/documents/999999")
    assert caught.value.status == 404


def test_the_sync_stores_the_account_then_only_what_changed(host, account):
    first = sync(host)
    assert (first.state, first.added) == ("success", 30)
    assert records(host) == truth(account)
    rows = account.truth("documents")
    account.edit_document(rows[3]["id"], name="Edited")
    account.delete_document(rows[-1]["id"])
    second = sync(host)
    assert (second.updated, second.deleted, second.unchanged, second.requests) == (1, 1, 28, 2)
    assert records(host) == truth(account)


@pytest.mark.parametrize(
    "switches", [Switches(search=404), Switches(search=422, next_page="filters")], ids=["404", "422"]
)
def test_the_sync_walks_the_folders_where_search_is_refused(host, account):
    report = sync(host)
    assert (report.state, report.added) == ("success", 30)
    assert records(host) == truth(account)
