"""A place in a rate budget taken and settled, against one bare upsert in a transaction."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

from benchmarks.database import bare
from benchmarks.measure import Goal, Result, best
from connectors.engine.store import Store
from connectors.runtime.budget import MemoryBudgets
from connectors.runtime.ports import Budgets, Limit, Purse

_WINDOW = 60.0
_NOW = 1_764_000_000.0
_GOAL = Goal(2.0, "a purse is one upsert a call, one to take and one to settle, 19 µs each")
_UPSERT = "INSERT INTO purses (key, log) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET log = excluded.log"


def run() -> Iterator[Result]:
    """At Paligo's two figures, with full logs; and in memory, for a client without a store."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.db")
        for calls in (50, 250):
            yield _compared(f"purse of {calls} calls", store.budgets, calls, Path(folder))
        yield _compared("purse of 50 calls in memory", MemoryBudgets(), 50, Path(folder), goal=None)
        store.close()


def _compared(name: str, budgets: Budgets, calls: int, folder: Path, goal: Goal | None = _GOAL) -> Result:
    purse = Purse("paligo", "acme.paligoapp.com", f"group-{calls}", "read")
    connection = bare(folder / "floor.db")
    connection.execute("CREATE TABLE IF NOT EXISTS purses (key TEXT NOT NULL PRIMARY KEY, log TEXT NOT NULL)")
    # SQLite leaves a page alone whose bytes stay the same, so each log differs from the one before.
    logs = cycle([json.dumps([[_NOW + later + n + 0.123, ""] for n in range(calls)]) for later in range(20)])
    steps = count(1)

    def spend() -> None:
        # Just slow enough that the budget is always full and no call waits.
        now = _NOW + next(steps) * _WINDOW / calls * 1.01
        slot = budgets.take(purse, Limit(calls, _WINDOW), now=now, urgent=False, at_most=300.0)
        assert slot.wait == 0
        budgets.settle(purse, slot.token, at=now + 0.001)

    def write() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_UPSERT, (purse.key, next(logs)))
        connection.execute("COMMIT")

    for _ in range(calls):
        spend()
    ours, floor = best(spend, write, times=500, rounds=7)
    connection.close()
    return Result(name, ours, floor, "one upsert of the same log", goal)
