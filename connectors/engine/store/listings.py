"""Lists of connections: what of an environment's is asked for, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.engine.store.connections import StoredConnection, stored_connection
from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps

_SQL = queries("connections")


@dataclass(frozen=True)
class Asked:
    """Which connections; None asks for all."""

    id: str | None = None
    search: str | None = None  # a part of the id, or of the end user's name or e-mail
    end_user_id: str | None = None
    organization_id: str | None = None
    integrations: Sequence[str] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)  # all of them hold
    limit: int = 10_000
    page: int = 0  # from 0


class ConnectionLists:
    """Reads the connections of an environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, environment: str, asked: Asked) -> list[StoredConnection]:
        """Those that are asked for, newest first."""
        given = {
            "environment": environment,
            "id": asked.id,
            "search": None if asked.search is None else _containing(asked.search),
            "end_user_id": asked.end_user_id,
            "organization_id": asked.organization_id,
            "integrations": None if asked.integrations is None else dumps(list(asked.integrations)),
            "pairs": dumps([dumps([name, value]) for name, value in asked.tags.items()]),
            "pair_count": len(asked.tags),
            "limit": asked.limit,
            "offset": asked.limit * asked.page,
        }
        with self._database.reading() as session:
            return [stored_connection(row) for row in session.execute(_SQL["find_listed"], given)]


def _containing(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
