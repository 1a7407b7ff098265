"""Copies of everything, the way back, and erasing a customer for good."""

from __future__ import annotations

import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.engine.backup import back_up, restore
from connectors.engine.end_users import owner
from connectors.engine.erasing import erase, find
from connectors.engine.host import Host
from connectors.engine.keys import key_id
from connectors.engine.settings import Settings
from connectors.errors import FileExists, InputError, StoreBusy, StoreDamaged, StoreTooNew, UnknownConnection
from tests.engine.conftest import Toy

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="  # the toy's vault


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path)
    made.fill(20)
    made.run()
    yield made
    made.host.close()


def settings_of(folder: Path, key: str = KEY) -> Settings:
    return Settings.load({"CONNECTORS_ENCRYPTION_KEY": key}, home=folder)


def test_a_copy_put_back_holds_what_there_was(toy: Toy, tmp_path: Path) -> None:
    copied = back_up(toy.host, tmp_path / "copy.db")
    assert (copied.connections, copied.records) == (1, 20)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    restored = restore(settings_of(tmp_path / "new"), tmp_path / "copy.db")
    assert (restored.connections, restored.records, restored.before, restored.unreadable) == (1, 20, None, [])
    with Host.open(settings_of(tmp_path / "new")) as host:
        (stored,) = host.connections.list("dev")
        assert stored.id == "acme"


def test_a_copy_is_complete_while_others_write(toy: Toy, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            toy.host.store.incoming.note_event("dev", 1, f"a{number}", now=0.0, until=1.0)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            assert back_up(toy.host, tmp_path / f"copy{number}.db").records == 20
    finally:
        stop.set()
        thread.join()


def test_nothing_is_overwritten_by_accident(toy: Toy, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    back_up(toy.host, file)
    with pytest.raises(FileExists):
        back_up(toy.host, file)
    toy.host.close()
    settings = settings_of(tmp_path / "home")
    with pytest.raises(FileExists):
        restore(settings, file)
    restored = restore(settings, file, replace=True)
    assert restored.before is not None
    assert sqlite3.connect(restored.before).execute("SELECT count(*) FROM records").fetchone() == (20,)


def test_a_database_in_use_is_not_replaced(toy: Toy, tmp_path: Path) -> None:
    back_up(toy.host, tmp_path / "copy.db")
    with pytest.raises(StoreBusy):
        restore(settings_of(tmp_path / "home"), tmp_path / "copy.db", replace=True)
    assert len(toy.stored()) == 20


def test_a_lost_key_is_told(toy: Toy, tmp_path: Path) -> None:
    back_up(toy.host, tmp_path / "copy.db")
    other = "b" * 42 + "8="
    assert restore(settings_of(tmp_path / "new", other), tmp_path / "copy.db").unreadable == ["dev/toy/acme"]
    assert restore(settings_of(tmp_path / "none", ""), tmp_path / "copy.db").unreadable == ["dev/toy/acme"]
    assert key_id(b"k" * 32)


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "newer", "missing", "strange"])
def test_a_copy_that_cannot_be_used_replaces_nothing(toy: Toy, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "copy.db"
    back_up(toy.host, file)
    toy.host.close()
    if damage == "text":
        file.write_text("no database at all, but long enough to have a header" * 10)
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "newer":
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA user_version = 9999")
        database.close()
    elif damage == "missing":
        file.unlink()
    else:
        file.unlink()
        with sqlite3.connect(file) as database:
            database.execute("CREATE TABLE mine (x)")
        database.close()
    before = (tmp_path / "home" / "connectors.db").read_bytes()
    with pytest.raises((StoreDamaged, StoreTooNew, InputError), match=re.escape(str(file))):
        restore(settings_of(tmp_path / "home"), file, replace=True)
    assert (tmp_path / "home" / "connectors.db").read_bytes() == before


def test_webhooks_that_waited_are_not_sent_by_what_was_put_back(toy: Toy, tmp_path: Path) -> None:
    toy.host.outgoing.set_target("dev", url="https://customer.example/hook")
    toy.host.outgoing.connected(toy.host.connections.get("dev", "acme"), again=False)
    back_up(toy.host, tmp_path / "copy.db")
    restore(settings_of(tmp_path / "new"), tmp_path / "copy.db")
    with Host.open(settings_of(tmp_path / "new")) as host:
        assert host.store.deliveries.next_due() is None


def test_an_erased_customer_is_in_no_table_and_no_page_of_the_file(toy: Toy, tmp_path: Path) -> None:
    for id_, user in (("mine", "u1"), ("too", "u1"), ("theirs", "u2")):
        toy.things = {"t": {"id": "t", "name": f"Needle of {user}"}}
        toy.host.connections.connect(
            "dev", provider="toy", id=id_, config={}, credentials={}, verify=False, owner=owner({"id": user})
        )
        from connectors.engine.runs import run_sync

        toy.script = lambda run: iter(toy.things.values())
        run_sync(toy.host, "dev", id_, "things")
    home = tmp_path / "home"
    assert any(b"Needle of u1" in file.read_bytes() for file in home.glob("connectors.db*") if file.is_file())
    erased = erase(toy.host, "dev", find(toy.host, "dev", end_user="u1"))
    assert (sorted(erased.connections), erased.records) == (["toy/mine", "toy/too"], 2)
    left = [file.read_bytes() for file in home.glob("connectors.db*") if file.is_file()]
    assert not any(b"Needle of u1" in content for content in left)
    assert any(b"Needle of u2" in content for content in left)
    with pytest.raises(UnknownConnection):
        find(toy.host, "dev", end_user="u1")
    with pytest.raises(UnknownConnection):
        find(toy.host, "other", end_user="u2")


def test_a_link_that_somebody_put_where_the_draft_will_be_is_not_followed(toy: Toy, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / ".copy.db.draft").symlink_to(precious)
    back_up(toy.host, tmp_path / "copy.db")
    assert precious.read_text() == "mine"
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
