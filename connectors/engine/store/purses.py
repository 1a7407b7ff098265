"""Budgets that all processes on one store share: a log of the last calls per purse."""

from __future__ import annotations

import math
import secrets
from bisect import insort
from dataclasses import dataclass

from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.runtime.answers import LONGEST_PAUSE
from connectors.runtime.canonical import dumps, loads
from connectors.runtime.ports import Limit, Purse, Slot

_SQL = queries("purses")
_IN_FLIGHT = 0.1  # seconds until asking again when all that is missing is an answer on its way
_SKEW = 30.0  # seconds that a caller's time may lag behind another's: it is read before waiting for the file
_URGENT_GRACE = 1.0  # seconds that a free place is kept for an urgent caller beyond its wait


class StoredBudgets:
    """`Budgets` over the store. Times come from the caller's clock, which all processes of a machine share."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, purse: Purse, limit: Limit, *, now: float, urgent: bool, at_most: float) -> Slot:
        """Take a place, or say how long to wait."""
        token = secrets.token_hex(4)

        def work(connection: Session) -> Slot:
            row = connection.execute(_SQL["lock_purse"], {"key": purse.key}).fetchone()
            log = _Log.read(row, now=now, latest=now + at_most)
            wait = _wait(log, limit, now, now + at_most, row, urgent=urgent)
            if wait > 0:
                if log.mended:
                    log.write(connection, purse)
                if urgent:
                    until = now + wait + _URGENT_GRACE
                    connection.execute(_SQL["mark_urgent"], {"key": purse.key, "until": until})
                return Slot(wait)
            log.running[token] = _ceil(now + at_most)
            log.write(connection, purse, limit.calls)
            if urgent and row is not None and row["urgent_until"] > now:
                # It has what it waited for; another one that still waits says so again.
                connection.execute(_SQL["clear_urgent"], {"key": purse.key})
            return Slot(0.0, token)

        return self._database.write(work)

    def settle(self, purse: Purse, token: str, *, at: float) -> None:
        """The call of that place completed."""

        def work(connection: Session) -> None:
            row = connection.execute(_SQL["lock_purse"], {"key": purse.key}).fetchone()
            log = _Log([], {}) if row is None else _Log(*loads(row["log"]))
            if log.running.pop(token, None) is not None:
                insort(log.completed, _ceil(at))
                log.write(connection, purse)

        self._database.write(work)

    def close(self, purse: Purse, until: float) -> None:
        """No call before that time."""
        given = {"key": purse.key, "until": until}
        self._database.write(lambda connection: connection.execute(_SQL["close_purse"], given))


@dataclass
class _Log:
    """The last calls of a purse. Times are milliseconds, rounded up."""

    completed: list[int]  # ascending
    running: dict[str, int]  # token → latest possible end
    mended: bool = False  # times were taken back; unless that is written down, they stay ahead of the clock

    @classmethod
    def read(cls, row: Row | None, *, now: float, latest: float) -> _Log:
        """The log of a row. A call that never settled counts as completed at its latest end."""
        log = cls([], {}) if row is None else cls(*loads(row["log"]))
        here, end, skew = _ceil(now), _ceil(latest), _ceil(_SKEW)
        # Times that cannot be are from a clock that was set back: they count as now.
        if log.completed and log.completed[-1] > here + skew:
            log.completed, log.mended = [min(at, here) for at in log.completed], True
        for token, at in list(log.running.items()):
            if at > end + skew:
                log.running[token], log.mended = end, True
            if at <= now * 1000:
                insort(log.completed, log.running.pop(token))
        return log

    def write(self, connection: Session, purse: Purse, most: int | None = None) -> None:
        """Keep it; of more than `most` calls the newest."""
        if most is not None:
            del self.completed[: max(0, len(self.completed) + len(self.running) - most)]
        log = dumps([self.completed, self.running])
        connection.execute(_SQL["write_log"], {"key": purse.key, "log": log})

    def times(self) -> list[int]:
        """All of them, ascending."""
        return sorted([*self.completed, *self.running.values()]) if self.running else self.completed


def _ceil(seconds: float) -> int:
    return math.ceil(seconds * 1000)


def _wait(log: _Log, limit: Limit, now: float, latest: float, row: Row | None, *, urgent: bool) -> float:
    closed = 0.0 if row is None else row["closed_until"] - now
    reserved = 0.0 if row is None or urgent else row["urgent_until"] - now
    if closed > LONGEST_PAUSE + _SKEW:
        closed = 0.0  # nobody set that; the clock was set back
    if reserved > max(closed, latest + limit.window - now) + _SKEW:
        reserved = 0.0
    times = log.times()
    # As `budget.wait_for` decides; without making a list of seconds out of the milliseconds first.
    wait = times[-limit.calls] / 1000 + limit.window - now if len(times) >= limit.calls else 0.0
    if wait > 0 and times[-limit.calls] in log.running.values():
        wait = min(wait, _IN_FLIGHT)
    return max(closed, reserved, wait, 0.0)
