"""Who may do what one may do at a time: run a sync, renew credentials. Over all processes on a store."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from connectors.engine.store import Store
from connectors.engine.store.database import Lock
from connectors.engine.store.passes import TAKE_OVER, already_running

_BETWEEN_LOOKS = 0.02  # seconds


def owner() -> str:
    """The process, as the history of runs names it."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def lease(store: Store, environment: str, connection_key: int, sync: str, variant: str) -> Iterator[None]:
    """Hold the right to run for a block.

    On SQLite the operating system takes it back when this process dies; on PostgreSQL it is the run's
    row that says who has it (`PassRows.begin`). Raises `AlreadyRunning` while another run holds it.
    """
    if store.database.by_heartbeat:
        yield
        return
    lock = _lock(store, connection_key, sync, variant)
    if not lock.acquire():
        raise already_running(sync, store.runs.running(environment, connection_key, sync, variant))
    try:
        yield
    finally:
        lock.release()


def is_alive(store: Store, run: Mapping[str, Any], *, now: float, take_over: float = TAKE_OVER) -> bool:
    """Whether the process of a run that calls itself running still lives: it holds the lease, or its heart beats.

    `run` is as `store.runs` lists it.
    """
    if store.database.by_heartbeat:
        return store.runs.silence(run["environment"], run["id"], now=now) < take_over
    return _lock(store, run["connection_key"], run["sync"], run["variant"]).is_held()


def close_dead(store: Store, *, now: float, take_over: float = TAKE_OVER) -> list[dict[str, Any]]:
    """Close the runs whose process died as interrupted: number, environment, connection key, sync, variant of each."""
    dead: list[int] = []
    if not store.database.by_heartbeat:
        dead = [
            run["number"]
            for run in store.runs.all_running()
            if not _lock(store, run["connection"], run["sync"], run["variant"]).is_held()
        ]
        if not dead:
            return []
    return store.runs.close_silent(dead, now=now, take_over=take_over)


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


def _lock(store: Store, connection_key: int, sync: str, variant: str) -> Lock:
    """The lock of one right; no sync has an empty name."""
    digest = hashlib.sha256(f"{connection_key}\0{sync}\0{variant}".encode()).hexdigest()[:24]
    return store.database.lock(digest)
