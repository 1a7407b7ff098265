"""Webhooks on their way to the customer, what became of them, and where they go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("deliveries")


@dataclass(frozen=True)
class Delivery:
    """A webhook that was taken to be sent."""

    id: str
    environment: str
    kind: str  # auth, sync, async_action, forward
    url: str
    trusted: bool  # the operator named it, so it may be a private address
    body: str
    headers: Mapping[str, str]
    attempts: int  # before this one


@dataclass(frozen=True)
class StoredTarget:
    """Where an environment's webhooks go, as it is stored."""

    url: str  # empty: the setting's
    second_url: str  # empty: none
    switched_off: frozenset[str]  # kinds that are not sent


class DeliveryRows:
    """Deliveries; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, environment: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Webhooks to be sent at once.

        A row has id, connection (key or None), kind, url, trusted, body, headers and now.
        """

        def work(connection: Session) -> None:
            for row in rows:
                given = {**row, "environment": environment, "headers": dumps(row["headers"])}
                connection.execute(_SQL["add_delivery"], given)

        self._database.write(work)

    def claim(self, *, now: float, until: float, limit: int) -> list[Delivery]:
        """Take what is to be sent, of all environments."""
        given = {"now": now, "until": until, "limit": limit}

        def work(connection: Session) -> list[Delivery]:
            return [_delivery(row) for row in connection.execute(_SQL["claim_deliveries"], given).fetchall()]

        return self._database.write(work)

    def next_due(self) -> float | None:
        """When the next one is to be sent; None if none waits."""
        with self._database.reading() as connection:
            row = connection.execute(_SQL["next_delivery"]).fetchone()
        return None if row is None else row["due_at"]

    def attempted(
        self,
        environment: str,
        id: str,
        *,
        state: str,
        status: int | None,
        error: str | None,
        due_at: float,
        ended_at: float | None,
    ) -> None:
        """How an attempt ended: `waiting` for another one at `due_at`, `delivered` or `failed`."""
        given: dict[str, Any] = {"environment": environment, "id": id, "state": state, "status": status}
        given |= {"error": error, "due_at": due_at, "ended_at": ended_at}
        self._database.write(lambda connection: connection.execute(_SQL["delivery_attempted"], given))

    def counts(self) -> list[dict[str, Any]]:
        """How many there are: kind, state, count."""
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(_SQL["count_deliveries"]).fetchall()]

    def connection_of_call(self, environment: str, call: str) -> tuple[str, str] | None:
        """Id and integration of the connection that an action was called for."""
        with self._database.reading() as connection:
            row = connection.execute(_SQL["connection_of_call"], {"environment": environment, "id": call}).fetchone()
        return None if row is None else (row["id"], row["integration"])

    def target(self, environment: str) -> StoredTarget:
        """Where an environment's webhooks go."""
        with self._database.reading() as connection:
            row = connection.execute(_SQL["get_target"], {"environment": environment}).fetchone()
        if row is None:
            return StoredTarget("", "", frozenset())
        return StoredTarget(row["url"], row["second_url"], frozenset(loads(row["switched_off"])))

    def set_target(self, environment: str, *, url: str, second_url: str, switched_off: Collection[str]) -> None:
        """Say where they go; an empty `url` means the setting's."""
        given = {"environment": environment, "url": url, "second_url": second_url}
        given["switched_off"] = dumps(sorted(switched_off))
        self._database.write(lambda connection: connection.execute(_SQL["set_target"], given))

    def list(self, environment: str, *, limit: int = 100) -> list[dict[str, Any]]:
        """The newest ones, without their bodies."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["list_deliveries"], {"environment": environment, "limit": limit})
            return [dict(row) for row in found.fetchall()]


def _delivery(row: Mapping[str, Any]) -> Delivery:
    names = ("id", "environment", "kind", "url", "body", "attempts")
    fields: dict[str, Any] = {name: row[name] for name in names}
    return Delivery(**fields, trusted=bool(row["trusted"]), headers=loads(row["headers"]))
