"""Who runs: one run at a time per connection, sync and variant, over all processes of a machine."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.engine.store import Store
from connectors.engine.store.filelock import FileLock
from connectors.errors import AlreadyRunning


def owner() -> str:
    """The process, as the history of runs names it."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def lease(store: Store, environment: str, connection_key: int, sync: str, variant: str) -> Iterator[None]:
    """Hold the right to run for a block.

    The operating system takes it back when this process dies. Raises `AlreadyRunning` while another
    run holds it.
    """
    digest = hashlib.sha256(f"{connection_key}\0{sync}\0{variant}".encode()).hexdigest()[:24]
    lock = FileLock(store.database.path.with_name(f"{store.database.path.name}.locks") / f"{digest}.lock")
    if not lock.acquire():
        running = store.runs.running(environment, connection_key, sync, variant)
        who = "" if running is None else f" as run {running['number']}, owned by {running['owner']}"
        raise AlreadyRunning(f"the sync {sync!r} of this connection is running{who}")
    try:
        yield
    finally:
        lock.release()
