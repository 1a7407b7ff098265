"""Budgets that all processes on one store share: a log of the last calls per purse."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries
from connectors.runtime.budget import wait_for
from connectors.runtime.canonical import dumps, loads
from connectors.runtime.ports import Limit, Purse, Slot

_SQL = queries("purses")
_IN_FLIGHT = 0.1  # seconds until asking again when all that is missing is an answer on its way
_URGENT_GRACE = 1.0  # seconds that a free place is kept for an urgent caller beyond its wait


class StoredBudgets:
    """`Budgets` over the store. Times come from the caller's clock, which all processes of a machine share."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, purse: Purse, limit: Limit, *, now: float, urgent: bool, at_most: float) -> Slot:
        """Take a place, or say how long to wait."""
        token = secrets.token_hex(4)

        def work(connection: sqlite3.Connection) -> Slot:
            row = connection.execute(_SQL["read_purse"], {"key": purse.key}).fetchone()
            entries: list[list[Any]] = [] if row is None else loads(row["log"])
            # Times beyond the longest possible call are from a clock that was set back: they count as now.
            entries = sorted([min(at, now + at_most), name] for at, name in entries)[-limit.calls :]
            wait = _wait(entries, limit, now, row, urgent=urgent)
            if wait > 0:
                if urgent:
                    until = now + wait + _URGENT_GRACE
                    connection.execute(_SQL["mark_urgent"], {"key": purse.key, "until": until})
                return Slot(wait)
            kept = [*entries, [now + at_most, token]][-limit.calls :]
            connection.execute(_SQL["write_log"], {"key": purse.key, "log": dumps(kept)})
            return Slot(0.0, token)

        return self._database.write(work)

    def settle(self, purse: Purse, token: str, *, at: float) -> None:
        """The call of that place completed."""

        def work(connection: sqlite3.Connection) -> None:
            row = connection.execute(_SQL["read_purse"], {"key": purse.key}).fetchone()
            entries = [[at, ""] if name == token else [time, name] for time, name in loads(row["log"])]
            connection.execute(_SQL["write_log"], {"key": purse.key, "log": dumps(entries)})

        self._database.write(work)

    def close(self, purse: Purse, until: float) -> None:
        """No call before that time."""
        given = {"key": purse.key, "until": until}
        self._database.write(lambda connection: connection.execute(_SQL["close_purse"], given))


def _wait(entries: list[list[Any]], limit: Limit, now: float, row: sqlite3.Row | None, *, urgent: bool) -> float:
    closed = 0.0 if row is None else row["closed_until"] - now
    reserved = 0.0 if row is None or urgent else row["urgent_until"] - now
    wait = wait_for([at for at, _ in entries], limit, now)
    if wait > 0 and len(entries) >= limit.calls and entries[-limit.calls][1]:
        wait = min(wait, _IN_FLIGHT)
    return max(closed, reserved, wait, 0.0)
