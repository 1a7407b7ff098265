"""10,000 schedules: what a tick costs when nothing is due, and taking and giving back a thousand that are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.database import bare
from benchmarks.measure import Result, Stopwatch, best
from connectors.engine.store import Store

_SCHEDULES = 10_000
_DUE = 1_000
_NOW = 1_764_000_000.0
_HOUR = 3_600.0


def run() -> Iterator[Result]:
    """The tick of a server that has nothing to do, then a thousand due at once; seconds are those of one schedule."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.db")
        store.database.write(_fill)
        floor = bare(Path(folder) / "floor.db")
        floor.execute("CREATE TABLE due (key INTEGER PRIMARY KEY, at REAL)")
        floor.executemany("INSERT INTO due VALUES (?, ?)", [(key, _NOW + _HOUR) for key in range(_SCHEDULES)])
        floor.execute("CREATE INDEX due_by_at ON due (at)")

        def tick() -> None:
            assert store.schedules.one("next_wake") is not None

        def look() -> None:
            floor.execute("SELECT min(at) FROM due").fetchone()

        ours, bottom = best(tick, look, times=500, rounds=5)
        yield Result("a tick, nothing due of 10,000", ours, bottom, "the smallest of an indexed column")
        yield _drained(store, floor)
        floor.close()
        store.close()


def _drained(store: Store, floor: Any) -> Result:
    ours, bottom = Stopwatch(), Stopwatch()
    for _ in range(5):
        store.database.write(_make_due)
        with ours:
            for due in store.schedules.claim_due("me", now=_NOW, until=_NOW + 60, limit=_DUE):
                given = {"environment": "dev", "key": due.key, "claim": "me", "due_at": _NOW + _HOUR, "taken": None}
                store.schedules.change("finish_schedule", **given)
        with bottom:
            for key in range(_DUE):
                floor.execute("BEGIN IMMEDIATE")
                floor.execute("UPDATE due SET at = at + 3600 WHERE key = ?", (key,))
                floor.execute("COMMIT")
    return Result(
        "a schedule taken and given back, 1,000 due", ours.best / _DUE, bottom.best / _DUE, "one bare UPDATE, committed"
    )


def _fill(session: Any) -> None:
    session.execute("INSERT INTO environments (name, created_at) VALUES ('dev', 0)")
    session.execute(
        "INSERT INTO integrations (environment, unique_key, provider, created_at) VALUES ('dev', 'toy', 'toy', 0)"
    )
    for number in range(_SCHEDULES):
        session.execute(
            "INSERT INTO connections (environment, integration, id, provider, connection_config, sealed, metadata,"
            " created_at, updated_at) VALUES ('dev', 'toy', ?, 'toy', '{}', x'00', '{}', 0, 0)",
            (f"c{number}",),
        )
    session.execute(
        "INSERT INTO schedules (id, environment, connection, sync, variant, state, every, began_at, due_at)"
        " SELECT id, 'dev', key, 'things', 'base', 'started', 3600, ?, ? FROM connections",
        (_NOW, _NOW + _HOUR),
    )


def _make_due(session: Any) -> None:
    session.execute("UPDATE schedules SET due_at = ? WHERE key <= ?", (_NOW, _DUE))
