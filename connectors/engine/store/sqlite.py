"""The SQLite file: connections per thread, short writing transactions, numbered migrations."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from connectors.engine.store.database import BrokenRule
from connectors.engine.store.filelock import FileLock
from connectors.engine.store.migrations import migrations, statements
from connectors.errors import InputError, StoreBusy, StoreDamaged, StoreError, StoreTooNew

Result = TypeVar("Result")

_BUSY_TIMEOUT = 10.0  # seconds that SQLite itself waits for another writer
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables; RETURNING and UPDATE FROM are older


class SqliteSession(sqlite3.Connection):
    """A connection of one thread."""

    def execute_rows(self, sql: str, rows: Sequence[Sequence[Any]], /) -> sqlite3.Cursor:
        """Run a statement whose `:rows` stands for these rows."""
        group = f"({', '.join('?' * len(rows[0]))})"
        values = [value for row in rows for value in row]
        return self.execute(sql.replace(":rows", "VALUES " + ", ".join([group] * len(rows))), values)


class SqliteDatabase:
    """One SQLite file, open to any number of threads and processes of one machine.

    Raises `StoreTooNew`, `StoreDamaged` or `StoreError` when the file cannot be used.
    """

    by_heartbeat = False  # a lock on a file tells it, and at once

    def __init__(self, path: Path) -> None:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                f"SQLite {sqlite3.sqlite_version} is too old",
                next_step="Use a Python whose sqlite3 module has SQLite 3.37 or newer.",
            )
        self.path = path
        self._local = threading.local()
        self._opened: dict[threading.Thread, SqliteSession] = {}
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(path)
        except OSError as error:
            step = "Check the path, the disk and the permissions."
            raise StoreError(f"{path} cannot be used: {error.strerror}", next_step=step) from error
        with self._errors():
            self._open()

    @property
    def connection(self) -> SqliteSession:
        """The connection of the calling thread."""
        found: SqliteSession | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(
                self.path,
                timeout=_BUSY_TIMEOUT,
                isolation_level=None,
                check_same_thread=False,
                factory=SqliteSession,
            )
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA foreign_keys = ON")
            found.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = found
            with self._lock:
                self._close_those_of_ended_threads()
                self._opened[threading.current_thread()] = found
        return found

    def _close_those_of_ended_threads(self) -> None:
        for thread in [thread for thread in self._opened if not thread.is_alive()]:
            self._opened.pop(thread).close()

    @contextmanager
    def reading(self) -> Iterator[SqliteSession]:
        """A connection to read with; errors of SQLite come out as ours."""
        with self._errors():
            yield self.connection

    def write(self, work: Callable[[SqliteSession], Result]) -> Result:
        """Run `work` in one writing transaction, once more if the database was busy.

        `work` must be short and must not touch the network; what it raises undoes the transaction.
        """
        with self._errors():
            try:
                return self._transaction(work)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                return self._transaction(work)

    def lock(self, name: str) -> FileLock:
        """The lock of that name, which the operating system drops at its holder's death."""
        return FileLock(self.path.with_name(f"{self.path.name}.locks") / f"{name}.lock")

    def compact(self) -> None:
        """Rewrite the file and empty its log: nothing that was deleted is left in either.

        Raises `StoreBusy` while another process writes.
        """
        with self._errors():
            self.connection.execute("VACUUM")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._opened.values():
                connection.close()
            self._opened.clear()
        self._local = threading.local()

    def _transaction(self, work: Callable[[SqliteSession], Result]) -> Result:
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")  # inside: Ctrl-C may come while it waits, and is heard after it
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return result

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = error.sqlite_errorcode & 0xFF
            if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreBusy(f"another process holds {self.path}") from error
            if kind == sqlite3.SQLITE_READONLY:
                step = f"Run `chmod u+w` on {self.path} and its folder, or set CONNECTORS_HOME to another one."
                raise StoreError(f"there is no permission to write {self.path}", next_step=step) from error
            if kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise StoreError(
                    f"{self.path} cannot be used: {error}", next_step="Check the disk and the file's permissions."
                ) from error
            raise StoreDamaged(f"{self.path}: {error}") from error
        except (UnicodeEncodeError, OverflowError):
            raise InputError(
                "A name or number was given that no database can hold.",
                next_step="Correct it: plain text without halves of characters, and no number of twenty digits.",
            ) from None
        except sqlite3.IntegrityError as error:
            raise BrokenRule(str(error)) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, (sqlite3.ProgrammingError, sqlite3.DataError)):
                raise
            raise StoreDamaged(f"{self.path} is not a database that can be read: {error}") from error

    def _open(self) -> None:
        if _version(self.connection) != max(migrations()):
            # One process migrates, the others wait for it: switching to WAL does not heed the busy timeout.
            with FileLock(self.path.with_name(f"{self.path.name}.lock")).held():
                self._migrate()

    def _migrate(self) -> None:
        version, newest = _version(self.connection), max(migrations())
        if version > newest:
            raise StoreTooNew(f"{self.path} has schema {version}; this version knows {newest}")
        if 0 < version < newest:
            self._copy(self.path.with_name(f"{self.path.name}.before-{version + 1:04}"))
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.write(_apply)

    def _copy(self, target: Path) -> None:
        _create(target)
        copy = sqlite3.connect(target)
        try:
            self.connection.backup(copy)
        finally:
            copy.close()


def _apply(connection: sqlite3.Connection) -> None:
    version = _version(connection)
    for number, script in sorted(migrations().items()):
        for statement in statements(script) if number > version else ():
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {max(migrations())}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create(path: Path) -> None:
    """Make the file readable by its owner only before SQLite writes the first secret into it."""
    with suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)
