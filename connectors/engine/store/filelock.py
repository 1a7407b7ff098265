"""A lock on a file that the operating system drops when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """An exclusive lock over all threads and processes of one machine (flock(2)).

    The file stays behind, empty: removing it would let two holders hold two files of one name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool = False) -> bool:
        """Take the lock; without `wait`, False when somebody else holds it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give it back; nothing happens if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether anybody holds it; looking leaves no trace."""
        if not self.path.exists():
            return False
        taken = self.acquire()
        self.release()
        return not taken

    def is_mine(self) -> bool:
        """Whether this object holds it."""
        return self._descriptor is not None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it for a block."""
        self.acquire(wait=True)
        try:
            yield
        finally:
            self.release()
