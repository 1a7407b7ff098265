"""What only PostgreSQL can do wrong: words it says otherwise, servers that go away, writers that meet."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.setting_values import PostgresUrl
from connectors.engine.store import Store
from connectors.engine.store.dialect import postgres_query, postgres_schema
from connectors.engine.store.queries import Query, queries
from connectors.errors import InputError, StoreBusy, StoreError, StoreTooNew
from tests.postgres import Postgres

psycopg = pytest.importorskip("psycopg")
from connectors.engine.store.postgres import PostgresDatabase  # noqa: E402 - where psycopg is

FOLDER = Path(queries.__wrapped__.__code__.co_filename).parent
NOUNS = sorted(file.stem for file in FOLDER.glob("*.sql") if "." not in file.stem)
OPEN = "import sys, connectors.engine.store.postgres as p; p.PostgresDatabase(sys.argv[1]).close()"
# What it says of a statement that it does not understand, or of a value whose type it cannot tell.
MISUNDERSTOOD = ("SyntaxError", "Undefined", "Ambiguous", "Indeterminate", "DatatypeMismatch", "Grouping", "Feature")


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("noun", NOUNS)
def test_postgresql_understands_every_query(database: PostgresDatabase, noun: str) -> None:
    for name, query in queries(noun).items():
        given: Any = dict.fromkeys(re.findall(r"%\((\w+)\)s", query.postgres))
        if not given:
            given = [[]] * len(re.findall(r"%s", query.postgres))
        try:
            database.connection.execute(Query("", "EXPLAIN " + (query._own or str(query))), given)
        except Exception as error:  # noqa: BLE001 - a value that is NULL may be refused, words may not
            cause = type(error.__cause__ or error).__name__
            only_null = "inconsistent types deduced" in str(error)  # any other value says what it is
            assert only_null or not cause.startswith(MISUNDERSTOOD), f"{noun}.{name}: {error}"


@pytest.mark.parametrize("noun", NOUNS)
def test_what_postgresql_says_otherwise_is_said_of_a_query_there_is(noun: str) -> None:
    own = FOLDER / f"{noun}.postgres.sql"
    names = re.findall(r"^-- name: (\w+)$", own.read_text() if own.exists() else "", re.MULTILINE)
    assert set(names) <= set(queries(noun))


def test_names_places_and_lists_are_translated_and_texts_are_not() -> None:
    sql = "SELECT ':a' || :a, 'it''s 5%', x % 2 FROM json_each(:ids) WHERE (:b IS NULL OR y = ?) -- :c"
    assert postgres_query(sql) == (
        "SELECT ':a' || %(a)s, 'it''s 5%%', x %% 2 FROM json_array_elements_text(CAST(%(ids)s AS json)) "
        "WHERE (CAST(%(b)s AS text) IS NULL OR y = %s) -- :c"
    )


def test_a_schema_is_translated_with_its_types_and_without_its_options() -> None:
    script = (
        "CREATE TABLE t (\n  key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- INTEGER\n  a REAL, b BLOB\n) STRICT;"
    )
    words = " ".join(postgres_schema(script).split())
    identity = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    assert words == f"CREATE TABLE t ( key {identity}, a double precision, b bytea );"


def test_many_processes_may_make_the_schema_at_once(postgres: Postgres) -> None:
    url = postgres.empty()
    children = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [child.communicate()[1] for child in children] == [""] * 4


def test_a_newer_schema_is_refused(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE connectors_schema SET version = version + 1")
    with pytest.raises(StoreTooNew):
        PostgresDatabase(postgres_url)


@pytest.mark.parametrize("wrong", [("127.0.0.1:", "127.0.0.1:1"), ("/test_", "/no_such_")], ids=["port", "database"])
def test_a_server_that_cannot_be_used_is_a_clear_error_without_the_password(postgres_url: str, wrong: Any) -> None:
    url = postgres_url.replace(*wrong) if wrong[0] != "127.0.0.1:" else re.sub(r":\d+/", ":1/", postgres_url)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store(PostgresUrl(url))
    assert "pa55word" not in str(caught.value.to_dict())
    assert "pa55word" not in repr(caught.value.__cause__)


def test_what_no_database_can_hold_is_bad_input(database: PostgresDatabase) -> None:
    for value in ("\udcff", "a\x00b"):
        with pytest.raises(InputError, match="no database can hold"):
            database.connection.execute("SELECT ?", (value,))


def test_a_lock_that_could_not_be_asked_for_leaves_no_connection_open(database: PostgresDatabase) -> None:
    lock = database.lock("one")
    lock._key = "no number"  # type: ignore[assignment]
    with pytest.raises(InputError):
        lock.acquire()
    assert lock._connection is None


def test_a_transaction_that_raises_leaves_no_trace(database: PostgresDatabase) -> None:
    def half(session: Any) -> None:
        session.execute("INSERT INTO environments (name, created_at) VALUES ('half', 1)")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        database.write(half)
    assert database.connection.execute("SELECT count(*) FROM environments WHERE name = 'half'").fetchone()[0] == 0


def test_after_the_server_closed_all_connections_the_next_write_goes_through(database: PostgresDatabase) -> None:
    database.connection.execute("SELECT 1")
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
    database.write(lambda session: session.execute("CREATE TABLE made (n bigint)"))
    assert database.connection.execute("SELECT count(*) FROM made").fetchone()[0] == 0


def test_two_writers_that_wait_for_each_other_both_get_through(database: PostgresDatabase) -> None:
    database.write(lambda session: session.execute("CREATE TABLE tally (key bigint, n bigint)"))
    database.write(lambda session: session.execute("INSERT INTO tally VALUES (1, 0), (2, 0)"))
    meeting, met = threading.Barrier(2, timeout=10), threading.local()

    def crossing(first: int, second: int) -> None:
        def work(session: Any) -> None:
            session.execute("UPDATE tally SET n = n + 1 WHERE key = ?", (first,))
            if not hasattr(met, "once"):
                met.once = True
                meeting.wait()
            session.execute("UPDATE tally SET n = n + 1 WHERE key = ?", (second,))

        database.write(work)

    threads = [threading.Thread(target=crossing, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [row["n"] for row in database.connection.execute("SELECT n FROM tally ORDER BY key")] == [2, 2]


def test_a_writer_that_waits_too_long_for_another_is_told_that_the_store_is_busy(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(lambda session: session.execute("CREATE TABLE tally (n bigint)"))

    def impatient(session: Any) -> None:
        session.execute("SET LOCAL lock_timeout = 50")
        session.execute("LOCK TABLE tally")

    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE tally")
        with pytest.raises(StoreBusy):
            database.write(impatient)
    database.write(impatient)


def test_ids_are_ordered_as_sqlite_orders_them(postgres_url: str, database: PostgresDatabase) -> None:
    words = ["a", "B", "ä", "Z", "a-b", "ab", "_"]
    database.write(
        lambda session: session.executemany(
            "INSERT INTO environments (name, created_at) VALUES (?, 1)", [(word,) for word in words]
        )
    )
    found = database.connection.execute("SELECT name FROM environments ORDER BY name").fetchall()
    assert [row["name"] for row in found] == sorted(words)


def test_a_lock_has_one_holder_and_is_free_when_its_holder_dies(database: PostgresDatabase) -> None:
    code = "import sys, time, connectors.engine.store.postgres as p; d = p.PostgresDatabase(sys.argv[1]);"
    code += "l = d.lock('x'); print(l.acquire(), flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code, database.url], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "True"
    lock, other = database.lock("x"), database.lock("x")
    assert not lock.acquire()
    assert other.is_held()
    child.kill()
    child.communicate()
    for _ in range(200):
        if lock.acquire():
            break
        time.sleep(0.02)
    assert lock.is_mine()
    assert not other.acquire()
    lock.release()
    assert other.acquire()
    other.release()


def test_options_of_the_url_choose_the_schema_that_the_tables_are_made_in(postgres: Postgres) -> None:
    url = postgres.empty()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA ours")
    database = PostgresDatabase(f"{url}?options=-csearch_path%3Dours")
    found = database.connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'runs'").fetchall()
    database.close()
    assert [row["schemaname"] for row in found] == ["ours"]


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@127.0.0.1/x?nonsense=1", "postgresql://u:hunter2%zz@127.0.0.1/x"]
)
def test_a_url_that_postgresql_cannot_read_is_an_error_of_ours_without_the_password(url):
    with pytest.raises(StoreError, match="DATABASE_URL") as raised:
        PostgresDatabase(url)
    assert "hunter2" not in f"{raised.value} {raised.value.to_dict()} {raised.value.__cause__}"
