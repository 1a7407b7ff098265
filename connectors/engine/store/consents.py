"""Browsers that are on their way to a provider's page and back, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps

_SQL = queries("consents")
_KEPT = 86_400.0  # seconds that an expired one stays, so that a late browser is told why


@dataclass(frozen=True)
class StoredConsent:
    """A consent as it is stored."""

    state: bytes  # SHA-256 of what the browser carries
    environment: str
    integration: str
    id: str  # of the connection to be made
    created_at: float
    expires_at: float
    sealed: bytes | None = field(repr=False)  # None: it is used up

    @property
    def context(self) -> str:
        """What its secrets are bound to."""
        return context(self.environment, self.integration, self.id, self.state)


class ConsentRows:
    """Consents that were begun."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, environment: str, *, integration: str, id: str, state: bytes, sealed: bytes, now: float, expires_at: float
    ) -> None:
        """Remember one, and forget those that are long over."""
        given = {"environment": environment, "integration": integration, "id": id}
        given_too = {"state": state, "sealed": sealed, "now": now, "expires_at": expires_at}

        def work(connection: Session) -> None:
            connection.execute(_SQL["drop_expired"], {"before": now - _KEPT})
            connection.execute(_SQL["add_consent"], {**given, **given_too})

        self._database.write(work)

    def take(self, state: bytes) -> StoredConsent | None:
        """The consent of that state, used up by this; None if there is none.

        A second taker gets it without what was sealed. It takes no environment: the browser brings
        nothing but the state, and whoever has that may use it.
        """

        def work(connection: Session) -> Row | None:
            row: Row | None = connection.execute(_SQL["find_consent"].locking, {"state": state}).fetchone()
            connection.execute(_SQL["use_consent"], {"state": state})
            return row

        row = self._database.write(work)
        return None if row is None else StoredConsent(**{name: row[name] for name in row.keys()})  # noqa: SIM118

    def reseal(self, again: Callable[[bytes, str], bytes]) -> int:
        """Seal the secrets of all environments again; how many changed."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["all_sealed"]).fetchall()
        changed = 0
        for row in found:
            before = row["sealed"]
            sealed = again(before, context(row["environment"], row["integration"], row["id"], row["state"]))
            if sealed != before:
                changed += self._replace({"state": row["state"], "sealed": sealed, "before": before})
        return changed

    def _replace(self, given: Mapping[str, Any]) -> int:
        return self._database.write(lambda connection: connection.execute(_SQL["reseal"], given).rowcount)


def context(environment: str, integration: str, id: str, state: bytes) -> str:
    """What the secrets of that consent are bound to."""
    return dumps([environment, integration, id, "consent", state.hex()])
