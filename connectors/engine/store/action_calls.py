"""Calls of actions whose result is fetched later, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.engine.store.database import BrokenRule, Database, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("action_calls")
_CANDIDATES = 20  # looked at when somebody asks for work


@dataclass(frozen=True)
class ClaimedCall:
    """A call that somebody has taken to make it."""

    id: str
    environment: str
    connection: int  # key of the connection
    connection_id: str
    integration: str
    action: str
    given: Any
    retries: int  # further attempts that are left
    failures: int  # attempts that failed
    claim: str


class ActionCallRows:
    """Calls of an environment's actions: added, taken one after the other, ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, environment: str, id: str, connection_key: int, action: str, given: Any, *, retries: int, now: float
    ) -> None:
        """Remember a call that is to be made."""
        row = {"environment": environment, "id": id, "connection": connection_key, "action": action}
        row |= {"given": dumps(given), "retries": retries, "now": now}
        self._database.write(lambda connection: connection.execute(_SQL["add_call"], row))

    def answer(self, environment: str, id: str) -> tuple[str, Any] | None:
        """The state and the answer of a call that has ended; None while it has not, and for an unknown id."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["get_call"], {"environment": environment, "id": id}).fetchone()
        return None if found is None or found["ended_at"] is None else (found["state"], loads(found["answer"]))

    def claim(self, claim: str, *, now: float, until: float) -> ClaimedCall | None:
        """Take the next call of any environment in which none is under way."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["next_calls"], {"now": now, "limit": _CANDIDATES}).fetchall()
        for row in found:
            try:
                taken = self._take({"id": row["id"], "claim": claim, "until": until})
            except BrokenRule:  # another process was faster in that environment
                continue
            if taken is not None:
                return taken
        return None

    def _take(self, given: Mapping[str, Any]) -> ClaimedCall | None:
        def work(connection: Session) -> ClaimedCall | None:
            if connection.execute(_SQL["claim_call"], given).fetchone() is None:
                return None
            row = dict(connection.execute(_SQL["claimed_call"], given).fetchone())
            return ClaimedCall(**{**row, "given": loads(row["given"])}, claim=given["claim"])

        return self._database.write(work)

    def keep(self, call: ClaimedCall, *, until: float) -> bool:
        """Say that its process lives; whether the call is still its own."""
        return self._change("keep_call", call, until=until) == 1

    def end(self, call: ClaimedCall, *, state: str, answer: Any, now: float) -> bool:
        """Remember how it ended, "success" or "failed"; whether the call was still its own."""
        return self._change("end_call", call, state=state, answer=dumps(answer), now=now) == 1

    def repeat(self, call: ClaimedCall, *, due_at: float) -> None:
        """Have it made again at a time; one further attempt fewer is left."""
        self._change("repeat_call", call, due_at=due_at)

    def end_dead(self, answer: Any, *, now: float) -> list[tuple[str, str]]:
        """End calls whose process died; environment and id of each."""
        ended: list[tuple[str, str]] = []
        with self._database.reading() as connection:
            dead = [dict(row) for row in connection.execute(_SQL["dead_calls"], {"now": now}).fetchall()]
        for row in dead:
            given = {**row, "state": "failed", "answer": dumps(answer), "now": now}
            if self._write("end_call", given):
                ended.append((row["environment"], row["id"]))
        return ended

    def next_at(self) -> float | None:
        """When the next call may be made."""
        with self._database.reading() as connection:
            row = connection.execute(_SQL["next_call_at"], {}).fetchone()
        return None if row is None or row["due_at"] is None else float(row["due_at"])

    def _change(self, query: str, call: ClaimedCall, **given: Any) -> int:
        return self._write(query, {"environment": call.environment, "id": call.id, "claim": call.claim, **given})

    def _write(self, query: str, given: Mapping[str, Any]) -> int:
        return int(self._database.write(lambda connection: connection.execute(_SQL[query], given).rowcount))
