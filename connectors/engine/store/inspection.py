"""Looking at a database file without touching it: no migration, no write, no wait."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from connectors.engine.store.database import Session
from connectors.engine.store.migrations import migrations
from connectors.engine.store.queries import queries

_SQL = queries("inspection")
_WAIT = 2.0  # seconds
_WITH_SECRETS_OF_INTEGRATIONS = 3  # the schema that brought them
_WITH_SIGNING_KEYS = 4


@dataclass(frozen=True)
class Inspection:
    """What a database file holds, as far as it could be read."""

    newest: int  # the schema that this version knows
    schema: int | None = None  # of the file; None: it cannot be read
    problem: str | None = None  # why its contents cannot be trusted
    counts: dict[str, int] = field(default_factory=dict)  # noun → how many, over all environments
    sealed: dict[str, bytes] = field(default_factory=dict)  # environment, integration, id → sealed secrets

    @property
    def too_new(self) -> bool:
        """Whether a newer version wrote it."""
        return self.schema is not None and self.schema > self.newest


def inspect(path: Path) -> Inspection:
    """Read a database file that is there. Never raises for what is in it."""
    newest = max(migrations())
    try:
        return _read(path, "mode=ro", newest)
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            # Even a reader makes a file beside a database in WAL mode. Where it may not, look at the file alone.
            with suppress(sqlite3.Error):
                return _read(path, "immutable=1", newest)
        return Inspection(newest, problem=f"cannot be read: {error}")


def _read(path: Path, how: str, newest: int) -> Inspection:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_WAIT)) as connection:
        return _inspect(connection, newest)


def _inspect(connection: sqlite3.Connection, newest: int) -> Inspection:
    schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
    sound = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if sound != "ok":
        return Inspection(newest, schema, problem=sound)
    if schema == 0 or schema > newest:
        return Inspection(newest, schema)
    counts, sealed = read_contents(connection, schema)
    return Inspection(newest, schema, counts=counts, sealed=sealed)


def read_contents(connection: sqlite3.Connection | Session, schema: int) -> tuple[dict[str, int], dict[str, bytes]]:
    """How many of each noun there are, and everything sealed by what it belongs to."""
    counts = {row[0]: row[1] for row in connection.execute(_SQL["count_all"]).fetchall()}
    return counts, _sealed(connection, schema)


def _sealed(connection: sqlite3.Connection | Session, schema: int) -> dict[str, bytes]:
    rows = connection.execute(_SQL["all_sealed"]).fetchall()
    if schema >= _WITH_SECRETS_OF_INTEGRATIONS:
        rows += connection.execute(_SQL["sealed_of_integrations"]).fetchall()
    if schema >= _WITH_SIGNING_KEYS:
        rows += connection.execute(_SQL["sealed_of_environments"]).fetchall()
    return {"/".join(filter(None, row[:3])): row[3] for row in rows}
