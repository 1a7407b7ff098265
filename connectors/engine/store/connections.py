"""Connections, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from connectors.engine.end_users import NOBODY, Owner, searched
from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.errors import UnknownConnection
from connectors.runtime.canonical import dumps, loads

_SQL = queries("connections")


@dataclass(frozen=True)
class StoredConnection:
    """A connection as it is stored; its secrets are in `sealed` and nowhere else."""

    key: int  # the store's own number
    environment: str
    integration: str  # unique key of the integration
    id: str  # what the customer calls it
    provider: str
    connection_config: Mapping[str, Any]  # without secret fields
    metadata: Mapping[str, Any]
    created_at: float
    updated_at: float
    verified_at: float | None  # the newest successful check
    error: Mapping[str, Any] | None  # of the newest check, if it failed
    credentials_expires_at: float | None  # when its credentials have to be looked at again; None: never asked
    renewed_at: float | None  # when its credentials were last renewed
    renewal_failed_at: float | None  # when that last failed, if it failed since it succeeded
    renewal_failed_days: int  # on how many different days
    warnings: Sequence[str]  # what went wrong when it was connected, without undoing it
    sealed: bytes = field(repr=False)
    end_user: Mapping[str, Any] | None = None  # id, email, display_name, tags, organization
    tags: Mapping[str, str] = field(default_factory=dict)
    webhook_url_override: str | None = None  # instead of the environment's
    last_fetched_at: float | None = None  # when its credentials were last given out, to the minute

    @property
    def context(self) -> str:
        """What its secrets are bound to: moved to another connection, they do not open."""
        return dumps([self.environment, self.integration, self.id])

    def to_dict(self) -> dict[str, Any]:
        """What may be shown."""
        names = ("environment", "integration", "id", "provider", "connection_config", "metadata", "tags")
        times = ("created_at", "updated_at", "verified_at", "credentials_expires_at", "renewed_at", "error", "warnings")
        return {name: getattr(self, name) for name in (*names, *times)}


class ConnectionRows:
    """Connections of an environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        environment: str,
        integration: str,
        id: str,
        *,
        provider: str,
        connection_config: Mapping[str, Any],
        sealed: bytes,
        metadata: Mapping[str, Any],
        verified_at: float | None,
        now: float,
        credentials_expires_at: float | None = None,
        warnings: Sequence[str] = (),
        owner: Owner = NOBODY,
    ) -> StoredConnection:
        """Add a connection, or replace the one of that id; `metadata` and `owner` are laid over what it has then."""
        given = {
            "environment": environment,
            "integration": integration,
            "id": id,
            "provider": provider,
            "connection_config": dumps(connection_config),
            "sealed": sealed,
            "verified_at": verified_at,
            "credentials_expires_at": credentials_expires_at,
            "warnings": dumps(list(warnings)),
            "now": now,
        }

        def work(connection: Session) -> None:
            row = connection.execute(_SQL["find_connections"].locking, given).fetchone()
            before = {} if row is None else loads(row["metadata"])
            saved = connection.execute(_SQL["save_connection"], {**given, "metadata": dumps({**before, **metadata})})
            _set_owner(connection, environment, saved.fetchone()["key"], owner)

        self._database.write(work)
        return self.get(environment, id, integration)

    def find(self, environment: str, id: str, integration: str) -> StoredConnection | None:
        """The connection of that id, or None."""
        given = {"environment": environment, "id": id, "integration": integration}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["find_connections"], given).fetchone()
        return None if found is None else stored_connection(found)

    def get(self, environment: str, id: str, integration: str | None = None) -> StoredConnection:
        """The connection of that id. Raises `UnknownConnection`, also when two integrations have one."""
        given = {"environment": environment, "id": id, "integration": integration}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["find_connections"], given).fetchall()
        if not found:
            raise UnknownConnection(f"there is no connection {id!r} in the environment {environment!r}")
        if len(found) > 1:
            names = ", ".join(row["integration"] for row in found)
            raise UnknownConnection(
                f"several integrations have a connection {id!r}: {names}", next_step="Say which one with --integration."
            )
        return stored_connection(found[0])

    def list(self, environment: str) -> list[StoredConnection]:
        """All connections, by id."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["list_connections"], {"environment": environment}).fetchall()
        return [stored_connection(row) for row in found]

    def change_metadata(
        self,
        environment: str,
        key: int,
        change: Callable[[StoredConnection], Mapping[str, Any]],
        *,
        id: str,
        integration: str,
        now: float,
    ) -> StoredConnection:
        """Replace the metadata by what `change` makes of the stored one, in one transaction."""

        def work(connection: Session) -> None:
            given = {"environment": environment, "id": id, "integration": integration}
            row = connection.execute(_SQL["find_connections"].locking, given).fetchone()
            if row is None or row["key"] != key:
                raise UnknownConnection(f"there is no connection {id!r} in the environment {environment!r}")
            metadata = dumps(change(stored_connection(row)))
            connection.execute(
                _SQL["set_metadata"], {"environment": environment, "key": key, "metadata": metadata, "now": now}
            )

        self._database.write(work)
        return self.get(environment, id, integration)

    def change_owner(self, environment: str, key: int, owner: Owner, *, now: float) -> None:
        """Lay over what is known about whose account it is."""

        def work(connection: Session) -> None:
            connection.execute(_SQL["touch"], {"environment": environment, "key": key, "now": now})
            _set_owner(connection, environment, key, owner)

        self._database.write(work)

    def fetched(self, environment: str, key: int, *, now: float) -> None:
        """Remember that its credentials were given out."""
        given = {"environment": environment, "key": key, "now": now}
        self._database.write(lambda connection: connection.execute(_SQL["set_fetched"], given))

    def checked(
        self, environment: str, key: int, *, verified_at: float | None, error: Mapping[str, Any] | None
    ) -> None:
        """Remember how the newest check ended."""
        given = {
            "environment": environment,
            "key": key,
            "verified_at": verified_at,
            "error": None if error is None else dumps(error),
        }
        self._database.write(lambda connection: connection.execute(_SQL["set_checked"], given))

    def renewed(
        self,
        before: StoredConnection,
        *,
        connection_config: Mapping[str, Any],
        sealed: bytes,
        credentials_expires_at: float | None,
        now: float,
    ) -> bool:
        """Put new credentials in the place of those of `before`; False if others have come into their place."""
        given = {
            "environment": before.environment,
            "key": before.key,
            "before": before.sealed,
            "connection_config": dumps(connection_config),
            "sealed": sealed,
            "credentials_expires_at": credentials_expires_at,
            "now": now,
        }
        return self._database.write(lambda connection: connection.execute(_SQL["set_renewed"], given).rowcount) > 0

    def renewal_failed(
        self, before: StoredConnection, *, failed_at: float, days: int, error: Mapping[str, Any]
    ) -> None:
        """Remember a failure to renew; nothing happens if other credentials are stored by now."""
        given = {
            "environment": before.environment,
            "key": before.key,
            "before": before.sealed,
            "failed_at": failed_at,
            "days": days,
            "error": dumps(error),
        }
        self._database.write(lambda connection: connection.execute(_SQL["set_renewal_failed"], given))

    def delete(self, environment: str, key: int) -> dict[str, int]:
        """Delete it with its records, runs and everything else; how many there were."""

        def work(connection: Session) -> dict[str, int]:
            given = {"environment": environment, "key": key}
            counts = dict(connection.execute(_SQL["count_held"], given).fetchone())
            connection.execute(_SQL["delete_connection"], given)
            return counts

        return self._database.write(work)

    def reseal(self, again: Callable[[bytes, str], bytes]) -> int:
        """Seal the secrets of all environments again; how many changed. The one method without an environment."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["all_sealed"]).fetchall()
        changed = 0
        for row in found:
            context = dumps([row["environment"], row["integration"], row["id"]])
            sealed = again(row["sealed"], context)
            if sealed != row["sealed"]:
                changed += self._replace(row["key"], sealed, row["sealed"])
        return changed

    def _replace(self, key: int, sealed: bytes, before: bytes) -> int:
        given = {"key": key, "sealed": sealed, "before": before}
        return self._database.write(lambda connection: connection.execute(_SQL["reseal"], given).rowcount)


def _set_owner(connection: Session, environment: str, key: int, owner: Owner) -> None:
    """In the transaction of the caller."""
    place = {"environment": environment, "key": key}
    row = connection.execute(_SQL["find_owner"].locking, place).fetchone()
    if row is None:
        return
    user = owner.end_user or (None if row["end_user"] is None else loads(row["end_user"]))
    tags = loads(row["tags"]) if owner.tags is None else owner.tags
    override = owner.webhook_url_override
    changed = {
        "end_user": None if user is None else dumps(user),
        "end_user_id": None if user is None else user["id"],
        "organization_id": ((user or {}).get("organization") or {}).get("id"),
        "searched": searched(row["id"], user),
        "tags": dumps(tags),
        "webhook_url_override": row["webhook_url_override"] if override is None else override or None,
    }
    connection.execute(_SQL["set_owner"], {**place, **changed})
    connection.execute(_SQL["drop_tags"], {"key": key})
    for name, value in tags.items():
        connection.execute(_SQL["add_tag"], {"key": key, "pair": dumps([name, value])})


_FIELDS = tuple(field.name for field in fields(StoredConnection))
_PARSED = ("connection_config", "metadata", "error", "warnings", "end_user", "tags")


def stored_connection(row: Row) -> StoredConnection:
    """A row of the table as what it stands for."""
    values = {name: row[name] for name in _FIELDS}
    for name in _PARSED:
        values[name] = None if values[name] is None else loads(values[name])
    return StoredConnection(**values)
