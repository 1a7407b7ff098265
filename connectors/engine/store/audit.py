"""The audit log: lines are added, and cleared away when they are old; none is ever changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("audit")


class AuditRows:
    """What was done, by environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, environment: str, *, actor: str, action: str, subject: str, details: Mapping[str, Any], now: float
    ) -> None:
        """Write down what was done."""
        given = {"environment": environment, "actor": actor, "action": action, "subject": subject, "now": now}
        given["details"] = dumps(details)
        self._database.write(lambda session: session.execute(_SQL["add_entry"], given))

    def list(self, environment: str, *, before: int | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The newest entries, or those before a number: number, at, actor, action, subject, details."""
        given = {"environment": environment, "before": before, "limit": limit}
        with self._database.reading() as session:
            rows = [dict(row) for row in session.execute(_SQL["list_entries"], given).fetchall()]
        return [{**row, "details": loads(row["details"])} for row in rows]
