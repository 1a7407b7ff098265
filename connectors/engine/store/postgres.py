"""A PostgreSQL database: pooled sessions, short transactions, numbered migrations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from connectors.engine.store.database import BrokenRule
from connectors.engine.store.dialect import postgres_query
from connectors.engine.store.migrations import migrations, statements
from connectors.engine.store.postgres_connect import WAIT, Rested, arguments, connect
from connectors.engine.store.postgres_lock import AdvisoryLock
from connectors.engine.store.queries import Query
from connectors.errors import InputError, StoreBusy, StoreDamaged, StoreError, StoreTooNew

Result = TypeVar("Result")

_MOST_CONNECTIONS = 16  # of one process
_OLDEST = 150_000  # NULLs and generated keys as the schema has them
_MIGRATING = 7_267_001  # the advisory lock of whoever migrates; any number that is always the same
_REPEATED = (errors.DeadlockDetected, errors.SerializationFailure, errors.AdminShutdown, errors.LockNotAvailable)
_BUSY = "Try again; if it stays, see whether PostgreSQL runs, and which of its sessions wait (pg_stat_activity)."


class PostgresSession:
    """A connection that is lent for a block."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Any = None, /) -> psycopg.Cursor[Any]:
        """Run a statement that is written for SQLite, or a `Query`."""
        return self._connection.execute(_words(sql), parameters or None)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> psycopg.Cursor[Any]:
        """Run it for each of these, in one round trip."""
        cursor = self._connection.cursor()
        cursor.executemany(_words(sql), list(parameters))
        return cursor

    def execute_rows(self, sql: str, rows: Sequence[Sequence[Any]], /) -> psycopg.Cursor[Any]:
        """Run a statement that unnests one array per column."""
        return self._connection.execute(_words(sql), [list(column) for column in zip(*rows, strict=True)])

    def script(self, sql: str) -> None:
        """Run statements that are written for PostgreSQL."""
        self._connection.execute(sql)


class _EachItsOwn:
    """A session in which every statement takes a connection, and is its own transaction."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def execute(self, sql: str, parameters: Any = None, /) -> psycopg.Cursor[Any]:
        """Run a statement; what it gave is here already."""
        with self._database.reading() as session:
            return session.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> psycopg.Cursor[Any]:
        """Run it for each of these."""
        with self._database.reading() as session:
            return session.executemany(sql, parameters)

    def execute_rows(self, sql: str, rows: Sequence[Sequence[Any]], /) -> psycopg.Cursor[Any]:
        """Run a statement for all of these."""
        with self._database.reading() as session:
            return session.execute_rows(sql, rows)


class PostgresDatabase:
    """One database, open to any number of threads, processes and machines.

    Raises `StoreTooNew` or `StoreError` when it cannot be used.
    """

    by_heartbeat = True

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            url,
            kwargs=arguments(url),
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            max_idle=60,
            timeout=WAIT,
            check=Rested(),
            open=False,
        )
        with self.errors(), connect(url) as connection:  # the pool would hide why it fails
            _open(connection)
        self._pool.open()

    @property
    def connection(self) -> _EachItsOwn:
        """A session in which every statement is its own transaction."""
        return _EachItsOwn(self)

    @contextmanager
    def reading(self) -> Iterator[PostgresSession]:
        """A session to read with."""
        with self.errors(), self._pool.connection() as connection:
            yield PostgresSession(connection)

    def write(self, work: Callable[[PostgresSession], Result]) -> Result:
        """Run `work` in one transaction, and once more if it was undone by the server before it was committed."""
        with self.errors():
            try:
                return self._transaction(work)
            except _REPEATED:
                return self._transaction(work)
            except _BeganNothing:
                self._pool.check()  # the server was restarted: other connections are gone as well
                return self._transaction(work)

    def lock(self, name: str) -> AdvisoryLock:
        """The lock of that name, over all processes on this database."""
        return AdvisoryLock(self.url, name, self.errors)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close(timeout=WAIT)

    def _transaction(self, work: Callable[[PostgresSession], Result]) -> Result:
        with self._pool.connection() as connection:
            try:
                connection.execute("BEGIN")
            except psycopg.OperationalError as error:
                raise _BeganNothing(*error.args) from error
            try:
                result = work(PostgresSession(connection))
                connection.execute("COMMIT")
            except BaseException:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise
            return result

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Errors of PostgreSQL come out as ours; none of them shows the URL's password."""
        try:
            yield
        except (PoolTimeout, *_REPEATED, errors.QueryCanceled, errors.TooManyConnections) as error:
            raise StoreBusy(f"the database did not answer in time: {first_line(error)}", next_step=_BUSY) from error
        except psycopg.IntegrityError as error:
            raise BrokenRule(first_line(error)) from error
        except (psycopg.DataError, UnicodeEncodeError, OverflowError):
            raise InputError(
                "A name or number was given that no database can hold.",
                next_step="Correct it: plain text without halves of characters, and no number of twenty digits.",
            ) from None
        except errors.InsufficientPrivilege as error:
            step = "Let the user of DATABASE_URL create and change tables in this database."
            raise StoreError(f"the database does not permit that: {first_line(error)}", next_step=step) from error
        except psycopg.OperationalError as error:
            step = "Check that PostgreSQL runs, and DATABASE_URL: host, port, name, user and password."
            raise StoreError(f"the database cannot be used: {first_line(error)}", next_step=step) from error
        except (errors.UndefinedTable, errors.UndefinedColumn, errors.DataCorrupted, errors.InternalError_) as error:
            raise StoreDamaged(f"the database: {first_line(error)}") from error


class _BeganNothing(psycopg.OperationalError):
    """The connection was gone before the transaction began, so nothing was done."""


def _words(sql: str) -> str:
    return sql.postgres if isinstance(sql, Query) else postgres_query(sql)


def first_line(error: Exception) -> str:
    """What PostgreSQL says, without the statement and its hints."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _open(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < _OLDEST:
        raise StoreError(
            f"PostgreSQL {connection.info.server_version // 10_000} is too old", next_step="Use version 15 or newer."
        )
    newest = max(migrations("postgres"))
    if version_of(connection) == newest:
        return
    with connection.transaction():  # one process migrates, the others wait for it
        connection.execute("SET LOCAL lock_timeout = 0")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
        connection.execute("CREATE TABLE IF NOT EXISTS connectors_schema (version bigint NOT NULL)")
        version = version_of(connection)
        if version > newest:
            raise StoreTooNew(f"the database has schema {version}; this version knows {newest}")
        for number, script in sorted(migrations("postgres").items()):
            for statement in statements(script) if number > version else ():
                connection.execute(statement)
        connection.execute("DELETE FROM connectors_schema")
        connection.execute("INSERT INTO connectors_schema VALUES (%s)", (newest,))


def version_of(connection: psycopg.Connection[Any]) -> int:
    """The schema's number; 0 where there is none."""
    known = connection.execute("SELECT to_regclass('connectors_schema') IS NOT NULL").fetchone()
    if known is None or not known[0]:
        return 0
    row = connection.execute("SELECT max(version) FROM connectors_schema").fetchone()
    return int(row[0] or 0) if row else 0
