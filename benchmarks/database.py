"""The bare floor under the store: SQLite with the same pragmas."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_UPSERT = """
INSERT INTO records (stream, id, data, hash, version, first_seen_at, last_modified_at) VALUES (1, ?, ?, ?, ?, ?, ?)
ON CONFLICT (stream, id) DO UPDATE SET data = excluded.data, hash = excluded.hash, version = excluded.version,
  last_modified_at = excluded.last_modified_at WHERE hash <> excluded.hash
"""


def bare(path: Path) -> sqlite3.Connection:
    """A database with one table like that of the records, and nothing around it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS records (stream INTEGER NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,"
        " hash BLOB NOT NULL, version TEXT, first_seen_at REAL NOT NULL, last_modified_at REAL NOT NULL,"
        " PRIMARY KEY (stream, id)) STRICT"
    )
    return connection


def upsert(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """One batch in one transaction, as anybody would write it."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_UPSERT, rows)
    connection.execute("COMMIT")
