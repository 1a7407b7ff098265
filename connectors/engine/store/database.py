"""The door to a database: what the stores ask of SQLite and of PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from connectors.engine.setting_values import PostgresUrl

Result = TypeVar("Result")


class BrokenRule(Exception):
    """A row would break a key or a reference of the schema; the transaction was undone."""


class Row(Protocol):
    """A row that was read: `row["name"]`, `row[0]`, `dict(row)`."""

    def __getitem__(self, key: Any, /) -> Any:
        """The value of a column."""

    def keys(self) -> Iterable[str]:
        """The names of the columns."""


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left."""


class Session(Protocol):
    """A connection with, inside `write`, a transaction. Values are named `:name`."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Run a statement."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Cursor:
        """Run a statement for each of these."""

    def execute_rows(self, sql: str, rows: Sequence[Sequence[Any]], /) -> Cursor:
        """Run a statement whose `:rows` stands for these rows; there is at least one."""


class Lock(Protocol):
    """A right that one holder has at a time, and that is free again when its holder's process dies."""

    def acquire(self) -> bool:
        """Take it; False when somebody else holds it."""

    def release(self) -> None:
        """Give it back; nothing happens if it is not held."""

    def is_held(self) -> bool:
        """Whether anybody holds it."""

    def is_mine(self) -> bool:
        """Whether this object holds it, still."""


class Database(Protocol):
    """A database that is open to all threads of this process."""

    by_heartbeat: bool
    """Whether a run's life is told by its heartbeat, since its process may be on another machine."""

    @property
    def connection(self) -> Session:
        """A session in which every statement is its own transaction."""

    def reading(self) -> AbstractContextManager[Session]:
        """A session to read with; errors of the database come out as ours."""

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in one writing transaction, and once more if the database was busy.

        `work` must be short, must not touch the network, and reads what it changes with
        `Query.locking`. What it raises undoes the transaction. Raises `BrokenRule`.
        """

    def lock(self, name: str) -> Lock:
        """The lock of that name, over all processes that use this database."""

    def close(self) -> None:
        """Close all connections."""


def open_database(where: Path | PostgresUrl) -> Database:
    """Open a file, or a PostgreSQL database; raises `StoreError` and its kinds when it cannot be used."""
    if isinstance(where, Path):
        from connectors.engine.store.sqlite import SqliteDatabase

        return SqliteDatabase(where)
    from connectors.engine.store.postgres import PostgresDatabase

    return PostgresDatabase(where.reveal())
