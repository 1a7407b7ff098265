"""Integrations, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.errors import InputError, UnknownIntegration
from connectors.runtime.canonical import dumps, loads

_SQL = queries("integrations")


@dataclass(frozen=True)
class Configured:
    """What an operator configures; the secrets of it are in `sealed` and nowhere else."""

    client_id: str = ""
    scopes: str = ""  # a list with commas in between
    custom: Mapping[str, Any] = field(default_factory=dict)  # values of its own fields, without the secret ones
    hosts: tuple[str, ...] = ()  # further hosts that its credentials may go to
    secrets: tuple[str, ...] = ()  # names of what is sealed: "client_secret" and own fields
    sealed: bytes | None = field(default=None, repr=False)
    display_name: str | None = None  # None: the provider's
    forward_webhooks: bool = True  # what the provider sends here goes on to the customer

    @property
    def columns(self) -> dict[str, Any]:
        """The same as a row holds it."""
        lists = {name: dumps(getattr(self, name)) for name in ("hosts", "secrets")}
        shown = {"display_name": self.display_name, "forward_webhooks": int(self.forward_webhooks)}
        own = {"custom": dumps(self.custom), **lists, **shown}
        return {"client_id": self.client_id, "scopes": self.scopes, "sealed": self.sealed, **own}


@dataclass(frozen=True, kw_only=True)
class StoredIntegration(Configured):
    """An integration as it is stored."""

    environment: str
    unique_key: str
    provider: str
    created_at: float
    updated_at: float | None  # None: never changed since it was made
    connections: int | None = None  # how many it has; None: not counted

    @property
    def context(self) -> str:
        """What its secrets are bound to: moved to another integration, they do not open."""
        return context(self.environment, self.unique_key)

    def to_dict(self) -> dict[str, Any]:
        """What may be shown."""
        names = ("environment", "unique_key", "provider", "client_id", "scopes", "custom")
        shown = {name: getattr(self, name) for name in names}
        times = {"created_at": self.created_at, "updated_at": self.updated_at}
        counted = {} if self.connections is None else {"connections": self.connections}
        return {**shown, "hosts": list(self.hosts), "secrets": list(self.secrets), **times, **counted}


class IntegrationRows:
    """Integrations of an environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, environment: str, unique_key: str, *, provider: str, configured: Configured, now: float
    ) -> StoredIntegration:
        """Add an integration. Raises `InputError` if there is one of that key."""
        given = {"environment": environment, "unique_key": unique_key, "provider": provider, "now": now}
        added = self._database.write(
            lambda connection: connection.execute(_SQL["add_integration"], {**given, **configured.columns}).rowcount
        )
        if not added:
            raise InputError(
                f"There is an integration {unique_key!r} in the environment {environment!r} already.",
                next_step="Change that one, or choose another key.",
            )
        return self.get(environment, unique_key)

    def find(self, environment: str, unique_key: str) -> StoredIntegration | None:
        """The integration of that key, or None."""
        given = {"environment": environment, "unique_key": unique_key}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["find_integration"], given).fetchone()
        return None if found is None else _integration(found)

    def get(self, environment: str, unique_key: str) -> StoredIntegration:
        """The integration of that key. Raises `UnknownIntegration`."""
        found = self.find(environment, unique_key)
        if found is None:
            raise _unknown(environment, unique_key)
        return found

    def list(self, environment: str) -> list[StoredIntegration]:
        """All integrations, by key, with how many connections each has."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["list_integrations"], {"environment": environment}).fetchall()
        return [_integration(row) for row in found]

    def change(
        self, environment: str, unique_key: str, change: Callable[[StoredIntegration], Configured], *, now: float
    ) -> StoredIntegration:
        """Replace what is configured by what `change` makes of it, in one transaction. Raises `UnknownIntegration`."""
        given = {"environment": environment, "unique_key": unique_key, "now": now}

        def work(connection: Session) -> None:
            row = connection.execute(_SQL["find_integration"].locking, given).fetchone()
            if row is None:
                raise _unknown(environment, unique_key)
            connection.execute(_SQL["change_integration"], {**given, **change(_integration(row)).columns})

        self._database.write(work)
        return self.get(environment, unique_key)

    def rename(self, environment: str, unique_key: str, new: str, sealed: bytes | None, *, now: float) -> str | None:
        """Give it another key, and what is sealed for that one; why not, if that cannot be: "taken", "connected"."""
        given = {"environment": environment, "unique_key": unique_key, "new": new, "sealed": sealed, "now": now}

        def work(connection: Session) -> str | None:
            connection.execute(_SQL["find_integration"].locking, given)
            if connection.execute(_SQL["count_connections"], given).fetchone()[0]:
                return "connected"
            if connection.execute(_SQL["find_integration"], {**given, "unique_key": new}).fetchone() is not None:
                return "taken"
            connection.execute(_SQL["rename_integration"], given)
            return None

        return self._database.write(work)

    def delete(self, environment: str, unique_key: str) -> int:
        """Delete it if it has no connections; how many keep it. Raises `UnknownIntegration`."""
        given = {"environment": environment, "unique_key": unique_key}

        def work(connection: Session) -> int:
            connection.execute(_SQL["find_integration"].locking, given)
            held = int(connection.execute(_SQL["count_connections"], given).fetchone()[0])
            if not held and not connection.execute(_SQL["delete_integration"], given).rowcount:
                raise _unknown(environment, unique_key)
            return held

        return self._database.write(work)

    def reseal(self, again: Callable[[bytes, str], bytes]) -> int:
        """Seal the secrets of all environments again; how many changed. The one method without an environment."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["all_sealed"]).fetchall()
        changed = 0
        for row in found:
            before, names = row["sealed"], {name: row[name] for name in ("environment", "unique_key")}
            sealed = again(before, context(**names))
            if sealed != before:
                changed += self._replace({**names, "sealed": sealed, "before": before})
        return changed

    def _replace(self, given: Mapping[str, Any]) -> int:
        return self._database.write(lambda connection: connection.execute(_SQL["reseal"], given).rowcount)


def context(environment: str, unique_key: str) -> str:
    """What the secrets of that integration are bound to."""
    return dumps([environment, unique_key])


def _integration(row: Row) -> StoredIntegration:
    fields = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
    for name in ("custom", "hosts", "secrets"):
        fields[name] = loads(fields[name])
    lists = {"hosts": tuple(fields["hosts"]), "secrets": tuple(fields["secrets"])}
    return StoredIntegration(**{**fields, **lists, "forward_webhooks": bool(fields["forward_webhooks"])})


def _unknown(environment: str, unique_key: str) -> UnknownIntegration:
    return UnknownIntegration(f"there is no integration {unique_key!r} in the environment {environment!r}")
