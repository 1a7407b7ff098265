"""The database file: made safely, migrated once, shared by many."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from connectors.engine.store import Store
from connectors.engine.store.integrations import Configured
from connectors.engine.store.migrations import migrations
from connectors.engine.store.queries import Query
from connectors.engine.store.sqlite import SqliteDatabase
from connectors.errors import InputError, StoreDamaged, StoreError, StoreTooNew


def test_the_file_can_be_read_by_its_owner_only(tmp_path):
    Store(tmp_path / "deep" / "store.db").close()
    assert stat.S_IMODE((tmp_path / "deep" / "store.db").stat().st_mode) == 0o600


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "store.db"
    Store(path).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {max(migrations()) + 1}")
    raw.close()
    with pytest.raises(StoreTooNew):
        Store(path)


def test_a_file_that_is_no_database_is_a_clear_error_and_stays(tmp_path):
    path = tmp_path / "store.db"
    path.write_bytes(b"this is a letter to grandmother, not a database" * 100)
    with pytest.raises(StoreDamaged, match="store"):
        Store(path)
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_place_where_no_file_can_be_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteDatabase(tmp_path / "file" / "connectors.db")


def test_what_no_database_can_hold_is_bad_input(tmp_path):
    database = SqliteDatabase(tmp_path / "connectors.db")
    for value in ("\udcff", 10**30):
        with pytest.raises(InputError, match="no database can hold"), database.reading() as connection:
            connection.execute("SELECT ?", (value,))


def test_a_folder_in_place_of_the_file_is_a_clear_error(tmp_path):
    (tmp_path / "store.db").mkdir()
    with pytest.raises(StoreError):
        Store(tmp_path / "store.db")


def test_an_older_file_is_copied_before_it_is_migrated(tmp_path, monkeypatch):
    path = tmp_path / "store.db"
    Store(path).close()
    before = max(migrations())
    numbered = {**migrations(), before + 1: "CREATE TABLE later (x TEXT) STRICT;"}
    monkeypatch.setattr("connectors.engine.store.sqlite.migrations", lambda: numbered)
    Store(path).close()
    kept = tmp_path / f"store.db.before-{before + 1:04}"
    copy = sqlite3.connect(kept)
    assert copy.execute("PRAGMA user_version").fetchone()[0] == before
    copy.close()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    migrated = sqlite3.connect(path)
    assert migrated.execute("SELECT count(*) FROM later").fetchone()[0] == 0
    migrated.close()


def old_file(path, monkeypatch, newest):
    """A file as a version with that many migrations left it, with one connection."""
    with monkeypatch.context() as before:
        first = {number: script for number, script in migrations().items() if number <= newest}
        before.setattr("connectors.engine.store.sqlite.migrations", lambda: first)
        database = SqliteDatabase(path)
        database.connection.executescript(
            "INSERT INTO environments VALUES ('dev', 1.0);"
            "INSERT INTO integrations (environment, unique_key, provider, created_at)"
            " VALUES ('dev', 'toy', 'toy', 1.0);"
            "INSERT INTO connections (environment, integration, id, provider, connection_config, sealed, metadata,"
            " created_at, updated_at) VALUES ('dev', 'toy', 'acme', 'toy', '{}', x'78', '{\"a\": 1}', 1.0, 1.0);"
        )
        database.close()


def test_what_was_stored_before_actions_came_is_still_there(tmp_path, monkeypatch):
    old_file(tmp_path / "store.db", monkeypatch, 1)
    store = Store(tmp_path / "store.db")
    stored = store.connections.get("dev", "acme")
    assert stored.metadata == {"a": 1}
    store.memories.change("dev", stored.key, "publish", {"job": 7})
    assert store.memories.get("dev", stored.key, "publish") == {"job": 7}
    store.connections.delete("dev", stored.key)
    assert store.memories.get("dev", stored.key, "publish") == {}
    store.close()
    assert (tmp_path / "store.db.before-0002").exists()


def test_the_history_of_runs_outlives_a_change_of_its_table_and_no_number_is_given_twice(tmp_path, monkeypatch):
    path = tmp_path / "store.db"
    old_file(path, monkeypatch, 3)
    raw = sqlite3.connect(path, isolation_level=None)
    for state in ("success", "failed", "interrupted"):
        raw.execute(
            "INSERT INTO runs (environment, connection, sync, model, variant, trigger, state, owner, started_at,"
            " heartbeat_at, added) VALUES ('dev', 1, 'things', 'Thing', 'base', 'command', ?, 'me', 1.0, 2.0, 7)",
            (state,),
        )
    raw.execute("DELETE FROM runs WHERE number = 3")
    raw.close()
    store = Store(path)
    assert [(run["id"], run["state"], run["added"]) for run in store.runs.list("dev")] == [
        (2, "failed", 7),
        (1, "success", 7),
    ]
    key = store.connections.get("dev", "acme").key
    given = {"trigger": "library", "owner": "test:1", "full": False, "now": 3.0}
    place, _, _ = store.passes.begin("dev", key, "things", "Thing", "base", **given)
    assert place.run == 4
    store.close()


def test_many_processes_may_make_the_file_at_once(tmp_path):
    code = "import sys, pathlib, connectors.engine.store as s; s.Store(pathlib.Path(sys.argv[1])).close()"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "store.db")], stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    failures = [child.communicate()[1] for child in children]
    assert failures == [""] * 6


def test_writers_in_many_threads_lose_nothing_and_are_never_turned_away(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db")
    database.write(lambda connection: connection.execute("CREATE TABLE tally (n INTEGER NOT NULL)"))
    database.write(lambda connection: connection.execute("INSERT INTO tally VALUES (0)"))

    def count():
        for _ in range(50):
            database.write(lambda connection: connection.execute("UPDATE tally SET n = n + 1"))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.connection.execute("SELECT n FROM tally").fetchone()[0] == 400
    database.close()


def test_work_that_raises_leaves_no_trace(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db")

    def half(connection):
        connection.execute("INSERT INTO environments (name, created_at) VALUES ('dev', 1)")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        database.write(half)
    assert database.connection.execute("SELECT count(*) FROM environments").fetchone()[0] == 0
    database.close()


def test_ctrl_c_while_a_writer_waits_for_its_turn_leaves_no_lock_behind(tmp_path, monkeypatch):
    class Interrupted(sqlite3.Connection):
        def execute(self, sql, *arguments):
            cursor = super().execute(sql, *arguments)
            if sql == "BEGIN IMMEDIATE":
                raise KeyboardInterrupt  # heard as soon as the call returns
            return cursor

    database = SqliteDatabase(tmp_path / "store.db")
    database.connection.close()
    monkeypatch.setattr(database._local, "connection", sqlite3.connect(tmp_path / "store.db", factory=Interrupted))
    database.connection.isolation_level = None
    with pytest.raises(KeyboardInterrupt):
        database.write(lambda connection: None)
    assert not database.connection.in_transaction
    database.close()


def test_an_integration_of_before_they_could_be_configured_goes_on_and_can_be_configured(tmp_path, monkeypatch):
    old_file(tmp_path / "store.db", monkeypatch, 2)
    store = Store(tmp_path / "store.db")
    old = store.integrations.get("dev", "toy")
    assert (old.provider, old.client_id, old.custom, old.hosts, old.sealed) == ("toy", "", {}, (), None)
    assert store.connections.get("dev", "acme").warnings == []
    store.environments.ensure("dev", "toy", "toy", now=2.0)
    changed = store.integrations.change("dev", "toy", lambda before: Configured(client_id="id-1", sealed=b"y"), now=2.0)
    assert (changed.client_id, changed.sealed, changed.created_at) == ("id-1", b"y", 1.0)


def test_reads_that_matter_use_their_indexes(toy):
    toy.fill(200)
    toy.run()
    connection = toy.host.store.database.connection
    from connectors.engine.store.queries import queries

    given = {
        "environment": "dev",
        "stream": 1,
        "after": "0",
        "limit": 10,
        "ids": '["a"]',
        "pass": 1,
        "parent": "p",
    }
    for name in ("page", "stored_versions", "stored_hashes", "children", "absent_examples", "alive"):
        details = plan(connection, queries("records")[name], given)
        assert "SCAN records" not in details, f"{name}: {details}"
        assert "Seq Scan on records" not in details, f"{name}: {details}"


def plan(connection, query, given):
    if isinstance(connection, sqlite3.Connection):
        return " / ".join(row["detail"] for row in connection.execute("EXPLAIN QUERY PLAN " + query, given).fetchall())
    explained = Query("", "EXPLAIN " + (query._own or query))
    with connection._database.reading() as session:
        session.execute("SET enable_seqscan = off")  # so small a table would be read whole
        return " / ".join(row[0] for row in session.execute(explained, given))
