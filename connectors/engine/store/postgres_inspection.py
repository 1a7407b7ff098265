"""Looking at a PostgreSQL database without touching it: no migration, no write."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from connectors.engine.store.inspection import Inspection, read_contents
from connectors.engine.store.migrations import migrations
from connectors.engine.store.postgres import PostgresSession, first_line, version_of
from connectors.engine.store.postgres_connect import connect


def clock_ahead(url: str) -> float | None:
    """Seconds that the server's clock is ahead of this machine's; None if it is out of reach."""
    try:
        with connect(url) as connection:
            asked = time.time()
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp()) AS now").fetchone()
            answered = time.time()
    except psycopg.Error:
        return None
    return float(row["now"]) - (asked + answered) / 2 if row else None


def inspect_postgres(url: str) -> tuple[Inspection, str]:
    """What a database holds, and the server's version. Never raises for what is in it, or where it is not."""
    newest = max(migrations("postgres"))
    try:
        connection: psycopg.Connection[Any] = connect(url)
    except psycopg.Error as error:
        return Inspection(newest, problem=f"cannot be reached: {first_line(error)}"), ""
    with connection:
        server = connection.info.parameter_status("server_version") or "unknown"
        try:
            schema = version_of(connection)
            if schema == 0 or schema > newest:
                return Inspection(newest, schema), server
            counts, sealed = read_contents(PostgresSession(connection), schema)
        except psycopg.Error as error:
            return Inspection(newest, problem=f"cannot be read: {first_line(error)}"), server
    return Inspection(newest, schema, counts=counts, sealed=sealed), server
