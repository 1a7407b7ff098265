"""A right over all processes on a PostgreSQL database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import psycopg

from connectors.engine.store.postgres_connect import connect


class AdvisoryLock:
    """A lock that the server drops when its holder's connection ends, and so with its process."""

    def __init__(self, url: str, name: str, errors: Callable[[], AbstractContextManager[None]]) -> None:
        self._url = url
        self._errors = errors
        self._key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._connection: psycopg.Connection[Any] | None = None
        self._held = False

    def acquire(self) -> bool:
        """Take it, on a connection of its own: those of the pool are for short transactions.

        The connection stays when somebody else holds it, for who tries again and again; `release` ends it.
        What goes wrong ends it too.
        """
        try:
            with self._errors():
                if self._connection is None or self._connection.closed:
                    self._connection = connect(self._url)
                taken = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        except BaseException:
            self.release()
            raise
        self._held = taken is not None and bool(taken[0])
        return self._held

    def release(self) -> None:
        """Give it back; it is free when this returns, not only when the server notices that nobody is there."""
        held, self._held = self._held, False
        if self._connection is not None:
            with suppress(psycopg.Error):
                if held:
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", (self._key,))
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def is_held(self) -> bool:
        """Whether anybody holds it."""
        taken = self.acquire()
        self.release()
        return not taken

    def is_mine(self) -> bool:
        """Whether this object holds it, and the connection that does still stands."""
        if self._connection is None or not self._held:
            return False
        with suppress(psycopg.Error):
            self._connection.execute("SELECT 1")
        self._held = not self._connection.closed
        return self._held
