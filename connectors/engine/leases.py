"""Who may do what one may do at a time: run a sync, renew credentials. Over all processes of a machine."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.engine.store import Store
from connectors.engine.store.filelock import FileLock
from connectors.errors import AlreadyRunning

_BETWEEN_LOOKS = 0.02  # seconds


def owner() -> str:
    """The process, as the history of runs names it."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def lease(store: Store, environment: str, connection_key: int, sync: str, variant: str) -> Iterator[None]:
    """Hold the right to run for a block.

    The operating system takes it back when this process dies. Raises `AlreadyRunning` while another
    run holds it.
    """
    lock = _lock(store, connection_key, sync, variant)
    if not lock.acquire():
        running = store.runs.running(environment, connection_key, sync, variant)
        who = "" if running is None else f" as run {running['number']}, owned by {running['owner']}"
        raise AlreadyRunning(f"the sync {sync!r} of this connection is running{who}")
    try:
        yield
    finally:
        lock.release()


def is_held(store: Store, connection_key: int, sync: str, variant: str) -> bool:
    """Whether some process holds the right to run: a run that calls itself running, and it is not held, is dead."""
    lock = _lock(store, connection_key, sync, variant)
    if not lock.path.exists():
        return False
    if not lock.acquire():
        return True
    lock.release()
    return False


@contextmanager
def renewing(store: Store, connection_key: int, *, at_most: float) -> Iterator[bool]:
    """Hold the right to renew a connection's credentials for a block; waits for another holder.

    False if that one held it for more than `at_most` seconds. The operating system takes it back
    when its holder dies.
    """
    lock, deadline = _lock(store, connection_key, "", "renewing"), time.monotonic() + at_most
    held = lock.acquire()
    while not held and time.monotonic() < deadline:
        time.sleep(_BETWEEN_LOOKS)
        held = lock.acquire()
    try:
        yield held
    finally:
        lock.release()


def _lock(store: Store, connection_key: int, sync: str, variant: str) -> FileLock:
    """The lock of one right; no sync has an empty name."""
    digest = hashlib.sha256(f"{connection_key}\0{sync}\0{variant}".encode()).hexdigest()[:24]
    return FileLock(store.database.path.with_name(f"{store.database.path.name}.locks") / f"{digest}.lock")
