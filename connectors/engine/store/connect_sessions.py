"""Connect sessions, as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps

_SQL = queries("connect_sessions")


@dataclass(frozen=True)
class StoredSession:
    """A connect session as it is stored."""

    hash: bytes  # SHA-256 of its token
    environment: str
    created_at: float
    expires_at: float
    sealed: bytes = field(repr=False)

    @property
    def context(self) -> str:
        """What it was made with is bound to this."""
        return context(self.environment, self.hash)


class ConnectSessionRows:
    """Sessions that were begun. Whoever has a token brings no environment: the session says which."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, environment: str, *, hash: bytes, sealed: bytes, now: float, expires_at: float) -> None:
        """Remember one, and forget those that are over."""
        given = {"environment": environment, "hash": hash, "sealed": sealed, "now": now, "expires_at": expires_at}

        def work(session: Session) -> None:
            session.execute(_SQL["drop_expired"], {"now": now})
            session.execute(_SQL["add_session"], given)

        self._database.write(work)

    def find(self, hash: bytes, *, now: float) -> StoredSession | None:
        """The session of that token, if its time is not over."""
        with self._database.reading() as session:
            row = session.execute(_SQL["find_session"], {"hash": hash, "now": now}).fetchone()
        return None if row is None else StoredSession(**{name: row[name] for name in row.keys()})  # noqa: SIM118

    def end(self, hash: bytes) -> None:
        """Forget it."""
        self._database.write(lambda session: session.execute(_SQL["end_session"], {"hash": hash}))

    def reseal(self, again: Callable[[bytes, str], bytes]) -> int:
        """Seal the secrets of all environments again; how many changed."""
        with self._database.reading() as session:
            rows = session.execute(_SQL["all_sealed"]).fetchall()
        changed = 0
        for row in rows:
            sealed = again(row["sealed"], context(row["environment"], row["hash"]))
            if sealed != row["sealed"]:
                changed += self._replace({"hash": row["hash"], "before": row["sealed"], "sealed": sealed})
        return changed

    def _replace(self, given: dict[str, Any]) -> int:
        return self._database.write(lambda session: session.execute(_SQL["reseal"], given).rowcount)


def context(environment: str, hash: bytes) -> str:
    """What a session's secrets are bound to."""
    return dumps([environment, "connect session", bytes(hash).hex()])
