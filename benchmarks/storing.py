"""Batches of 100 records of 1 KB on their way into the store, against executemany of the same rows."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.account import account
from benchmarks.database import bare, upsert
from benchmarks.measure import Result, Stopwatch
from benchmarks.sample import documents
from connectors.engine.host import Host
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.engine.store.batch import Batch, Row
from connectors.runtime.canonical import digest, dumps

_RECORDS = 10_000
_BATCH = 100
_ROUNDS = 3
_FLOOR = "executemany of the same rows, 100 a transaction"
_KINDS = ("first", "unchanged", "changed")  # all are new; none differs; each differs

Rows = dict[str, Row]


def run() -> Iterator[Result]:
    """The commits alone, then the whole run with checking and hashing; seconds are those of one record."""
    before = documents(_RECORDS)
    after = documents(_RECORDS, name="Replace the gasket")
    commits, runs, floors = (defaultdict[str, Stopwatch](Stopwatch) for _ in range(3))
    steps = list(zip(_KINDS, (before, before, after), strict=True))
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            _commit_all(Path(folder) / "commits", steps, commits)
            _write_all(Path(folder) / "floor.db", steps, floors)
            _run_all(Path(folder) / "runs", steps, runs)
    for word, found in (("commit", commits), ("run", runs)):
        for kind in _KINDS:
            ours, floor = found[kind].best / _RECORDS, floors[kind].best / _RECORDS
            yield Result(f"{word} a record, {kind}", ours, floor, _FLOOR)


def _commit_all(folder: Path, steps: list[tuple[str, list[dict[str, Any]]]], watches: dict[str, Stopwatch]) -> None:
    with account(folder, []) as host:
        for kind, records in steps:
            batches = [Batch(rows=rows) for rows in _batches(records)]
            _commit(host, batches, watches[kind])


def _commit(host: Host, batches: list[Batch], watch: Stopwatch) -> None:
    passes, connection = host.store.passes, host.connections.get("dev", "acme")
    names = ("dev", connection.key, "documents", "Document", "base")
    now = host.clock.now()
    place, _, _ = passes.begin(*names, trigger="library", owner="benchmarks", full=False, now=now)
    with watch:
        for batch in batches:
            passes.commit("dev", place, batch, requests=0, waited=0.0, now=host.clock.now())
    passes.finish("dev", place, delete=False, now=now)


def _run_all(folder: Path, steps: list[tuple[str, list[dict[str, Any]]]], watches: dict[str, Stopwatch]) -> None:
    held: list[dict[str, Any]] = []
    with account(folder, held) as host:
        for kind, records in steps:
            held[:] = records
            with watches[kind]:
                report = run_sync(host, "dev", "acme", "documents", RunOptions())
            assert report.state == "success", report.error


def _write_all(file: Path, steps: list[tuple[str, list[dict[str, Any]]]], watches: dict[str, Stopwatch]) -> None:
    connection = bare(file)
    for kind, records in steps:
        rows = [
            [(id_, row.data, row.hash, row.version, 1.0, 1.0) for id_, row in batch.items()]
            for batch in _batches(records)
        ]
        with watches[kind]:
            for batch in rows:
                upsert(connection, batch)
    connection.close()


def _batches(records: list[dict[str, Any]]) -> list[Rows]:
    rows = [(record["id"], _row(record)) for record in records]
    return [dict(rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH)]


def _row(record: dict[str, Any]) -> Row:
    text = dumps(record)
    return Row(text, digest(text), f"1:{record['modified_at']}", None)
