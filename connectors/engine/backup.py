"""A copy of everything while it is in use, and the way back.

A backup is the whole SQLite file: connections with their sealed credentials, records, schedules,
history. The vault's key is not in it, so a copy alone gives no credentials away; whoever restores
it somewhere else needs the key as well.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.engine.settings import Settings
from connectors.engine.store.inspection import inspect
from connectors.engine.store.sqlite import SqliteDatabase
from connectors.engine.vault import Vault
from connectors.errors import FileExists, InputError, StoreBusy, StoreDamaged, StoreError, StoreTooNew, VaultError

if TYPE_CHECKING:
    from connectors.engine.host import Host

_NOT_SQLITE = "On PostgreSQL, use pg_dump and pg_restore; docs/operate.md shows how."
# What a copy must not do again: send old webhooks, follow browsers that have come back since.
_CALMED = (
    "UPDATE deliveries SET state = 'failed', error = 'restored', ended_at = due_at WHERE state = 'waiting'",
    "DELETE FROM consents",
    "DELETE FROM connect_sessions",
    "DELETE FROM browser_sessions",
    "UPDATE schedules SET claim = NULL, claimed_at = NULL, claim_until = NULL",
)


@dataclass(frozen=True)
class Copied:
    """What a backup holds."""

    file: Path
    bytes: int
    schema: int  # number of its newest migration
    connections: int
    records: int


@dataclass(frozen=True)
class Restored:
    """What was put back."""

    file: Path  # the database
    schema: int  # of the backup; an older one was migrated
    connections: int
    records: int
    before: Path | None  # where the database that was there before lies now
    unreadable: Sequence[str]  # environment/integration/id of what is sealed with a key that the vault does not have


def back_up(host: Host, file: Path) -> Copied:
    """Copy the database into a new file, readable by its owner only, while others go on writing.

    The copy is checked before it gets its name. Raises `FileExists`, `InputError` on PostgreSQL and `StoreError`.
    """
    database = host.store.database
    if not isinstance(database, SqliteDatabase):
        raise InputError("backups are made of SQLite files only", next_step=_NOT_SQLITE)
    if file.exists():
        raise FileExists(f"{file} is there already", next_step="Name a new file.")
    draft = file.with_name(f".{file.name}.draft")
    with _disk(file), _removed(draft):
        _create(draft)
        with closing(sqlite3.connect(draft)) as copy:
            database.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
        found = _inspected(draft)
        _sync(draft)
        draft.rename(file)
    return Copied(file, file.stat().st_size, *found)


def restore(settings: Settings, file: Path, *, replace: bool = False) -> Restored:
    """Put a backup in the place of the database that the settings name.

    The backup is checked first, and nothing may have the database open. What was there before is
    kept beside it. Runs that went on when the copy was made are interrupted, and webhooks that
    waited then are not sent. Raises `InputError` if there is a database and not `replace`,
    `StoreDamaged`, `StoreTooNew`, `StoreBusy` and `StoreError`.
    """
    target = settings.database
    if not isinstance(target, Path):
        raise InputError("backups are put back as SQLite files only", next_step=_NOT_SQLITE)
    if not file.is_file():
        raise InputError(f"there is no file {file}")
    if target.exists() and not replace:
        raise FileExists(f"{target} is there already", next_step="Add --yes to put the backup in its place.")
    settings.make_home()
    draft = target.with_name(f".{target.name}.restoring")
    with _disk(target), _removed(draft):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(draft)
        shutil.copyfile(file, draft)
        schema, connections, records = _inspected(draft, shown=file)
        _sync(draft)
        before = _moved_aside(target)
        draft.rename(target)
    _calm(target)
    return Restored(target, schema, connections, records, before, _unreadable(settings, target))


def _inspected(file: Path, *, shown: Path | None = None) -> tuple[int, int, int]:
    """Schema, connections and records of a copy, which errors may call otherwise. Raises what is wrong with it."""
    found = inspect(file)
    file = shown or file
    if found.too_new:
        raise StoreTooNew(f"{file} has schema {found.schema}; this version knows {found.newest}")
    if found.problem is not None or not found.schema:
        what = found.problem or "it is no database of connectors"
        raise StoreDamaged(f"{file} cannot be used: {what}", next_step="Use another copy.")
    return found.schema, found.counts["connections"], found.counts["records"]


def _moved_aside(target: Path) -> Path | None:
    """Where the database that was there lies now. Raises `StoreBusy` while anybody has it open."""
    if not target.exists():
        return None
    with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as old:
        try:
            old.execute("PRAGMA locking_mode = EXCLUSIVE")
            old.execute("BEGIN EXCLUSIVE")
            old.execute("COMMIT")
            old.execute("PRAGMA journal_mode = DELETE")  # everything is in the one file before it moves
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):
                return _aside(target)  # it is damaged: what there is of it is kept
            step = "Stop the server, the workers and every command that uses it, then try again."
            raise StoreBusy(f"{target} is in use", next_step=step) from error
    return _aside(target)


def _aside(target: Path) -> Path:
    number = 1
    while (aside := target.with_name(f"{target.name}.before-restore-{number}")).exists():
        number += 1
    target.rename(aside)
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    return aside


def _calm(target: Path) -> None:
    """Bring the copy to this version's schema, and let nothing of it happen twice."""
    database = SqliteDatabase(target)
    try:
        for statement in _CALMED:
            database.write(lambda session, sql=statement: session.execute(sql))  # type: ignore[misc]
    finally:
        database.close()


def _unreadable(settings: Settings, target: Path) -> list[str]:
    """What is sealed with a key that the vault does not have."""
    vault = Vault.existing(settings)
    return [name for name, sealed in inspect(target).sealed.items() if not _opens(vault, sealed)]


def _opens(vault: Vault | None, sealed: bytes) -> bool:
    try:
        return vault is not None and vault.has(vault.key_id_of(sealed))
    except VaultError:
        return False


def _create(draft: Path) -> None:
    """An empty file of its own: what somebody else put there under that name, a link say, is not written to."""
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _removed(draft: Path) -> Iterator[None]:
    """Whatever happens, the draft is gone afterwards; a finished one has its name by then."""
    try:
        yield
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _disk(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        step = "Check the path, the disk and the permissions."
        raise StoreError(f"{file} cannot be written: {error.strerror or error}", next_step=step) from error
