"""What is cleared away in time, and which credentials have to be looked at."""

from __future__ import annotations

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries

_SQL = queries("upkeep")
_CHUNK = 1000  # rows of one transaction


class UpkeepRows:
    """Old rows of all environments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_expiring(
        self, *, now: float, soon: float, before: float, days: int, limit: int
    ) -> list[tuple[str, str, str]]:
        """Environment, integration and id of connections whose credentials expire until `soon`.

        Not those that somebody looked at since `before`, or that failed on so many days.
        """
        given = {"now": now, "soon": soon, "before": before, "days": days, "limit": limit}
        found = self._database.write(lambda session: session.execute(_SQL["take_expiring"], given).fetchall())
        return [(row["environment"], row["integration"], row["id"]) for row in found]

    def clear(self, what: str, *, before: float) -> int:
        """Delete what is older than a time, a thousand rows at a time; how many.

        `what`: runs, calls, requests, deliveries, events, sessions or audit.
        """
        given, cleared = {"before": before, "limit": _CHUNK}, 0
        while True:
            gone = self._database.write(lambda session: session.execute(_SQL[f"old_{what}"], given).rowcount)
            cleared += gone
            if gone < _CHUNK:
                return cleared

    def clear_deleted(self, *, before: float) -> int:
        """Forget records that were deleted before a time; how many."""
        cleared = 0
        while True:
            with self._database.reading() as session:
                rows = session.execute(_SQL["next_deleted"], {"before": before, "limit": _CHUNK}).fetchall()
            for row in rows:
                cleared += self._clear_stream(row["stream"], before)
            if len(rows) < _CHUNK:
                return cleared

    def _clear_stream(self, stream: int, before: float) -> int:
        given = {"stream": stream, "before": before}
        return self._database.write(lambda session: session.execute(_SQL["old_deleted"], given).rowcount)
