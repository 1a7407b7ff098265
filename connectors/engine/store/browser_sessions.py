"""Browsers that are signed in, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import loads

_SQL = queries("browser_sessions")


@dataclass(frozen=True)
class SignedIn:
    """One environment that a browser is signed in to."""

    environment: str
    key: str  # id of the secret key that it signed in with
    scopes: frozenset[str]  # of that key; empty: all
    expires_at: float


class BrowserSessionRows:
    """Browsers by the hash of what they carry. They bring no environment: the rows say which."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, environment: str, *, hash: bytes, before: bytes | None, key: str, now: float, expires_at: float
    ) -> None:
        """Remember that a browser signed in, and forget those whose time is over.

        `before` is what it carried until now: where else it was signed in goes over to `hash`.
        """
        given = {"hash": hash, "environment": environment, "key": key, "now": now, "expires_at": expires_at}

        def work(session: Session) -> None:
            session.execute(_SQL["drop_expired"], {"now": now})
            if before is not None:
                session.execute(_SQL["move_sessions"], {"hash": before, "fresh": hash})
            session.execute(_SQL["add_session"], given)

        self._database.write(work)

    def find(self, hash: bytes, *, now: float) -> Sequence[SignedIn]:
        """Where that browser is signed in now, the newest first."""
        with self._database.reading() as session:
            rows = session.execute(_SQL["find_sessions"], {"hash": hash, "now": now}).fetchall()
        return [
            SignedIn(row["environment"], row["key"], frozenset(loads(row["scopes"])), row["expires_at"]) for row in rows
        ]

    def end(self, hash: bytes) -> None:
        """Forget it."""
        self._database.write(lambda session: session.execute(_SQL["end_sessions"], {"hash": hash}))
