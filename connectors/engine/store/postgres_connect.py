"""Connecting to PostgreSQL: what every connection is told, and when one is looked at before it is used."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from connectors.engine.store.postgres_rows import named_rows
from connectors.errors import StoreError

WAIT = 10.0  # seconds: for a connection of the pool, for a lock in the database, for the server to answer at all
_REST = 2.0  # seconds
# Plans are made for the values and for the tables as they are now: a plan that was kept from when a
# table was young would scan it.
_OPTIONS = f"-c plan_cache_mode=force_custom_plan -c lock_timeout={int(WAIT * 1000)} -c jit=off"
_CONNECTING: dict[str, Any] = {
    "autocommit": True,
    "row_factory": named_rows,
    "connect_timeout": int(WAIT),
    "keepalives_idle": 10,  # a dead peer is noticed within half a minute
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "connectors",
}


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection of its own."""
    return psycopg.connect(url, **arguments(url))


class Rested:
    """Looks whether a connection still stands when nobody has used it for a while."""

    def __init__(self) -> None:
        self._used: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()

    def __call__(self, connection: psycopg.Connection[Any]) -> None:
        """Raises an error of psycopg for one that does not."""
        now = time.monotonic()
        if now - self._used.get(connection, 0.0) > _REST:
            ConnectionPool.check_connection(connection)
        self._used[connection] = now


def arguments(url: str) -> dict[str, Any]:
    """What to connect with; options that the URL brings stay. Raises `StoreError` for a URL that is none."""
    try:
        own = conninfo_to_dict(url).get("options") or ""
    except psycopg.ProgrammingError:  # it shows a piece of the URL, which may be of the password
        raise StoreError(
            "DATABASE_URL has a part that PostgreSQL does not know",
            next_step="Correct DATABASE_URL: what stands behind the ?, and characters of the password such as %.",
        ) from None
    return {**_CONNECTING, "options": f"{_OPTIONS} {own}".strip()}
