"""What the dashboard's pages list: page by page, each by an index, and only of their own environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks.many import fill
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.store.browsing import NEWEST, NEWEST_KEY, Browsing, Since
from connectors.engine.store.queries import Query, queries

CONNECTIONS, RECORDS = 4_000, 240_000
PAGE = 50


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with very much in it, per kind of store."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()
    home = tmp_path_factory.mktemp("many")
    store = Store(Settings.load({"CONNECTORS_HOME": str(home), "DATABASE_URL": url}).database)
    fill(store, connections=CONNECTIONS, records=RECORDS)
    yield store
    store.close()


BOTH = pytest.mark.parametrize("filled", ["sqlite", "postgres"], indirect=True)
_GIVEN: dict[str, Any] = {
    "environment": "dev",
    "integration": "paligo",
    "search": None,
    "limit": PAGE,
    "connection": 17,
    "run": 17,
    "sync": "documents",
    "variant": "base",
    "model": "Document",
    "id": "r5",
    "from": "r5",
    "until": "r6",
    "after": "r5",
    "most": PAGE,
    "now": 0.0,
    "since": 0.0,
    "numbers": '["5", "6"]',
    "stream": 1,
    "state": "failed",
}
_BY_TIME = {"at": NEWEST.at, "before": NEWEST.id}
_BY_KEY = {"at": NEWEST_KEY.at, "before": NEWEST_KEY.id}
_TEXT_ORDER = ("deliveries", "deliveries_in_state", "files")


def plan(store: Store, name: str) -> str:
    """How the database answers one of the queries."""
    query, database = queries("browsing")[name], store.database
    order = _BY_TIME if name in _TEXT_ORDER else _BY_KEY
    given = {**_GIVEN, **order, "id": "d17-1" if name == "delivery" else "r5"}
    given = {word: given[word] for word in re.findall(r"(?<![:\w]):([a-z_]+)", query)}
    words = "EXPLAIN" if database.by_heartbeat else "EXPLAIN QUERY PLAN"
    with database.reading() as session:
        rows = session.execute(Query(f"{words} {query}"), given).fetchall()
    return "\n".join(" ".join(map(str, dict(row).values())) for row in rows)


@BOTH
@pytest.mark.parametrize("name", sorted(queries("browsing")))
def test_no_page_reads_a_whole_table(filled: Store, name: str) -> None:
    said = plan(filled, name)
    whole = re.findall(r"(?:\bSCAN (?!CONSTANT|json_each|counted\b)|Seq Scan on )(\w+)", said)
    small = {"integrations", "connection_errors"}  # what is added by hand, and what is wrong just now
    if name == "counts":
        small |= {"connections"}  # half of them are counted
    assert not set(whole) - small, said


@BOTH
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("connections", "connections_by_age"),
        ("connections_of_integration", "connections_by_"),
        ("syncs", "schedules_by_environment|schedules_pkey"),
        ("syncs_failing", "schedules_failing"),
        ("runs", "runs_by_environment|runs_pkey"),
        ("runs_in_state", "runs_by_state|runs_pkey"),
        ("runs_of_connection", "runs_by_connection"),
        ("records", "records_by_change"),
        ("records_deleted", "records_deleted"),
        ("records_called", "records_pkey|sqlite_autoindex_records_1"),
        ("deliveries", "deliveries_by_age"),
        ("deliveries_in_state", "deliveries_by_state"),
        ("files", "files_by_environment"),
    ],
)
def test_a_page_is_read_by_the_index_that_has_its_order(filled: Store, name: str, index: str) -> None:
    said = plan(filled, name)
    assert re.search(index, said), said
    if name == "runs_of_connection":
        return  # a few rows that may as well be sorted
    assert "TEMP B-TREE FOR ORDER BY" not in said
    assert not re.search(r"(?<!Incremental )\bSort\b(?! Key)", said), said


def _pages(
    read: Callable[[Any], list[dict[str, Any]]], begin: Any, behind: Callable[[dict[str, Any]], Any]
) -> list[Any]:
    """Everything, page by page."""
    found: list[Any] = []
    while rows := read(begin):
        found += rows
        begin = behind(rows[-1])
    return found


@BOTH
def test_pages_follow_each_other_without_a_gap_and_without_doubles(filled: Store) -> None:
    rows: Browsing = filled.browsing
    connections = _pages(
        lambda since: rows.connections("dev", since=since, limit=700),
        NEWEST_KEY,
        lambda row: Since(row["created_at"], row["key"]),
    )
    assert len({row["key"] for row in connections}) == len(connections) == CONNECTIONS // 2
    assert connections == sorted(connections, key=lambda row: (-row["created_at"], -row["key"]))
    deliveries = _pages(
        lambda since: rows.deliveries("dev", since=since, limit=900),
        NEWEST,
        lambda row: Since(row["created_at"], row["id"]),
    )
    assert len({row["id"] for row in deliveries}) == len(deliveries) == CONNECTIONS
    runs = _pages(lambda before: rows.runs("dev", before=before, limit=3000), 2**62, lambda row: row["number"])
    assert len({row["number"] for row in runs}) == len(runs) == CONNECTIONS // 2 * 5


@BOTH
def test_each_list_holds_only_what_it_says(filled: Store) -> None:
    rows = filled.browsing
    assert {row["id"] for row in rows.connections("dev", search="ER-1999")} == {"customer-1999"}
    assert all(row["errors"] or row["error"] for row in rows.connections("dev", in_trouble=True))
    assert all(row["failures"] for row in rows.syncs("dev", which="failing"))
    assert {row["state"] for row in rows.syncs("dev", which="paused")} == {"paused"}
    assert {row["state"] for row in rows.runs("dev", state="failed")} == {"failed"}
    one = rows.connections("dev", limit=1)[0]
    assert {row["connection"] for row in rows.runs("dev", connection=one["key"])} == {one["key"]}
    assert [row["last"]["sync"] for row in rows.syncs_of("dev", one["key"]) if row["last"]] == ["documents"]
    stream = rows.stream("dev", one["key"], "Document", "base")
    assert stream is not None
    assert {row["id"] for row in rows.records_called(stream, "r1")} == {"r1", *(f"r{n}" for n in range(10, 20))}
    assert [row["id"] for row in rows.records(stream, deleted=True)] == ["r50"]
    assert rows.records(stream, limit=1)[0]["data"]["name"] == "Install the pump"
    held = rows.models("dev", one["key"])
    assert [(row["model"], row["stored"], row["deleted"]) for row in held] == [("Document", 50, 1)]


@BOTH
def test_what_is_another_environments_is_in_no_list(filled: Store) -> None:
    rows = filled.browsing
    hers = rows.connections("other", limit=1)[0]["key"]
    assert rows.runs("dev", connection=hers) == []
    assert rows.syncs_of("dev", hers) == []
    assert rows.models("dev", hers) == []
    assert rows.stream("dev", hers, "Document", "base") is None
    delivery = rows.deliveries("other", limit=1)[0]["id"]
    assert rows.delivery("dev", delivery) is None
    assert rows.delivery("other", delivery) is not None
    assert rows.counts("nobody", now=0.0)["connections"] == 0
