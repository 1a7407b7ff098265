"""Files that actions take and give: content in the data folder under an unguessable id, one row each."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from connectors.authoring import FileRef
from connectors.engine.safe_names import problem_of
from connectors.engine.store.files import StoredFile
from connectors.errors import InputError, StoreError, UnknownFile

if TYPE_CHECKING:
    from connectors.engine.host import Host

LIFETIME = 24 * 3600.0  # seconds that a file is kept
_CHUNK = 256 * 1024  # bytes
_ID = re.compile(r"[0-9a-f]{40}\Z")


class Files:
    """The files of a host's data folder."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def add(
        self, environment: str, connection_key: int, name: str, content: BinaryIO, content_type: str | None = None
    ) -> FileRef:
        """Take a file in, for an action's input. Raises `InputError` for a name that is not safe."""
        with self.drafts(environment, connection_key) as drafts:
            made = drafts.make(name, iter(lambda: content.read(_CHUNK), b""), content_type)
            return drafts.keep([made.id])[0]

    def get(self, environment: str, id: str) -> FileRef:
        """The file of that id. Raises `UnknownFile`, also for one of another environment or that expired."""
        row = self._host.store.files.get(environment, id, now=self._host.clock.now()) if _ID.match(id) else None
        if row is None:
            raise UnknownFile(f"there is no file {id[:60]!r}, or it expired")
        return self.ref(row)

    def ref(self, row: StoredFile) -> FileRef:
        """A stored file as actions and callers see it."""
        return FileRef(row.id, row.name, row.size, row.content_type, partial(self.open, row.id))

    def open(self, id: str) -> BinaryIO:
        """The content of a file. What is returned does not know the file's place."""
        try:
            return os.fdopen(os.open(self.path(id), os.O_RDONLY | os.O_CLOEXEC), "rb")
        except OSError as error:
            raise UnknownFile(f"the content of the file {id!r} is not in this data folder any more") from error

    def path(self, id: str) -> Path:
        """Where the content of a file lies."""
        return self.folder / id

    @property
    def folder(self) -> Path:
        """Where the content of all files lies."""
        return self._host.settings.home / "files"

    def remove(self, environment: str, ids: Iterable[str]) -> None:
        """Remove files with their content."""
        gone = list(ids)
        self._host.store.files.forget(environment, gone)
        self.discard(gone)

    def discard(self, ids: Iterable[str]) -> None:
        """Remove content that no row names any more."""
        for id_ in ids:
            with suppress(OSError):
                self.path(id_).unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what expired, and what a crash left behind without a row."""
        now = self._host.clock.now()
        self.discard(self._host.store.files.forget_expired(now=now))
        with suppress(OSError):  # two processes may prune at once
            for file in self.folder.iterdir() if self.folder.is_dir() else ():
                old = now - file.stat().st_mtime > LIFETIME
                if old and not self._host.store.files.is_known(file.name):
                    file.unlink(missing_ok=True)

    @contextmanager
    def drafts(self, environment: str, connection_key: int) -> Iterator[Drafts]:
        """A place for new files; at its end those that were not kept are removed, and what is open is closed."""
        drafts = Drafts(self, self._host, environment, connection_key)
        try:
            yield drafts
        finally:
            drafts.close()


class Drafts:
    """The files that one call of an action makes."""

    def __init__(self, files: Files, host: Host, environment: str, connection_key: int) -> None:
        self._files = files
        self._host = host
        self._environment = environment
        self._connection_key = connection_key
        self._made: dict[str, FileRef] = {}
        self._unkept: set[str] = set()  # ids whose content is, or may be, on the disk without a row
        self._open: list[BinaryIO] = []

    def make(self, name: str, content: Iterable[bytes], content_type: str | None = None) -> FileRef:
        """A new file of that name. Raises `InputError` for a name that is not safe."""
        with self.writing(name, content_type) as (file, done):
            for chunk in content:
                file.write(chunk)
            return done()

    @contextmanager
    def writing(self, name: str, content_type: str | None = None) -> Iterator[tuple[BinaryIO, Done]]:
        """A new file to write to; `done()` says that its content is whole. Without it nothing is left.

        `done` may name what is known only then: `done(name, content_type)`.
        """
        id_ = secrets.token_hex(20)
        self._unkept.add(id_)
        done = Done(self, id_, name, content_type)
        try:
            with _disk():
                self._files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(self._files.path(id_), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with _disk(), os.fdopen(descriptor, "w+b") as file:
                done.file = file
                yield file, done
        finally:
            if id_ not in self._made:
                self.drop([id_])

    def enter(self, id: str, name: str, size: int, content_type: str | None) -> FileRef:
        """Note a file whose content is whole. Raises `InputError` for a name that is not safe."""
        check_safe(name)
        self._made[id] = FileRef(id, name, size, content_type, partial(self.open, id))
        return self._made[id]

    def get(self, id: str) -> FileRef:
        """A file of this call, or one that is stored. Raises `UnknownFile`."""
        made = self._made.get(id)
        if made is not None:
            return made
        stored = self._files.get(self._environment, id)
        return FileRef(stored.id, stored.name, stored.size, stored.content_type, partial(self.open, id))

    def open(self, id: str) -> BinaryIO:
        """The content of a file; closed when the call ends."""
        file = self._files.open(id)
        self._open.append(file)
        return file

    def path(self, id: str) -> Path:
        """Where the content of a file lies: for sending it, never for an action."""
        return self._files.path(id)

    def drop(self, ids: Iterable[str]) -> None:
        """Remove files of this call."""
        gone = list(ids)
        self._files.discard(gone)
        for id_ in gone:
            self._made.pop(id_, None)
            self._unkept.discard(id_)

    def keep(self, ids: Iterable[str]) -> list[FileRef]:
        """Store these files of this call for a day; others' ids are left out."""
        made = [self._made[id_] for id_ in dict.fromkeys(ids) if id_ in self._unkept and id_ in self._made]
        rows = [StoredFile(ref.id, ref.name, ref.size, ref.content_type) for ref in made]
        now = self._host.clock.now()
        self._host.store.files.add(self._environment, self._connection_key, rows, now=now, expires_at=now + LIFETIME)
        self._unkept.difference_update(row.id for row in rows)
        return [self._files.ref(row) for row in rows]

    def close(self) -> None:
        """Close what is open, and remove what was not kept."""
        for file in self._open:
            with suppress(OSError):
                file.close()
        self._open.clear()
        self.drop(list(self._unkept))


class Done:
    """Says that a file's content is whole."""

    def __init__(self, drafts: Drafts, id: str, name: str, content_type: str | None) -> None:
        self._drafts = drafts
        self._id = id
        self._name = name
        self._content_type = content_type
        self.file: BinaryIO | None = None

    def __call__(self, name: str | None = None, content_type: str | None = None) -> FileRef:
        """The finished file."""
        assert self.file is not None  # it is open while it is written
        self.file.flush()
        size = os.fstat(self.file.fileno()).st_size
        return self._drafts.enter(self._id, name or self._name, size, content_type or self._content_type)


def check_safe(name: str) -> None:
    """Raises `InputError` for a name that is not a relative path which is safe on every system."""
    problem = problem_of(name)
    if problem is not None:
        raise InputError(f"A file cannot be called {name[:60]!r}: {problem}.")


@contextmanager
def _disk() -> Iterator[None]:
    """A full or read-only disk comes out as our error."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"a file cannot be written into the data folder: {error.strerror or 'unknown reason'}",
            next_step="Check the disk of CONNECTORS_HOME and its permissions.",
        ) from error
