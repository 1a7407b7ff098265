"""Secret keys and signing keys of environments, as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.runtime.canonical import dumps, loads

_SQL = queries("secret_keys")


@dataclass(frozen=True)
class StoredKey:
    """A secret key as it is stored; the key itself is nowhere."""

    id: str  # to name it by
    environment: str
    name: str
    scopes: Sequence[str]  # empty: all
    created_at: float
    ends_at: float | None  # from when it is refused

    def to_dict(self) -> dict[str, Any]:
        """What may be shown."""
        return {**vars(self), "scopes": list(self.scopes)}


@dataclass(frozen=True)
class StoredEnvironment:
    """An environment with how much it has."""

    name: str
    id: str | None  # a UUID, in addresses that providers call; None: it has no key yet
    created_at: float
    keys: int  # that are good now
    connections: int

    def to_dict(self) -> dict[str, Any]:
        """What may be shown."""
        return dict(vars(self))


class SecretKeyRows:
    """Who may act for an environment, and what it signs with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        environment: str,
        *,
        id: str,
        hash: bytes,
        name: str,
        scopes: Sequence[str],
        address: str,
        signing_key: bytes,
        now: float,
    ) -> None:
        """Add a key; address and sealed signing key are for an environment that has none yet."""
        given = {"id": id, "environment": environment, "hash": hash, "name": name, "now": now}

        def work(session: Session) -> None:
            session.execute(_SQL["equip"], {"environment": environment, "id": address, "sealed": signing_key})
            session.execute(_SQL["add_key"], {**given, "scopes": dumps(list(scopes))})

        self._database.write(work)

    def find(self, hash: bytes, *, now: float) -> tuple[str, frozenset[str], str] | None:
        """Environment, scopes and id of a key that is good now. It takes no environment: the key says which."""
        with self._database.reading() as session:
            row = session.execute(_SQL["find_key"], {"hash": hash, "now": now}).fetchone()
        return None if row is None else (row["environment"], frozenset(loads(row["scopes"])), row["id"])

    def end(self, environment: str, id: str, *, at: float) -> bool:
        """Refuse a key from then on; False if there is none of that id that is good longer."""
        given = {"environment": environment, "id": id, "ends_at": at}
        return self._database.write(lambda session: session.execute(_SQL["end_key"], given).rowcount) > 0

    def environments(self, *, now: float) -> list[StoredEnvironment]:
        """All environments, by name."""
        with self._database.reading() as session:
            rows = session.execute(_SQL["list_environments"], {"now": now}).fetchall()
        return [StoredEnvironment(**_fields(row)) for row in rows]

    def at(self, address: str) -> str | None:
        """The environment of that address."""
        with self._database.reading() as session:
            row = session.execute(_SQL["find_by_address"], {"id": address}).fetchone()
        return None if row is None else str(row["name"])

    def signing_key(self, environment: str) -> bytes | None:
        """The sealed signing key; None where there is no environment, or none was made."""
        with self._database.reading() as session:
            row = session.execute(_SQL["lock_environment"], {"environment": environment}).fetchone()
        return None if row is None else row["signing_key"]

    def set_signing_key(self, environment: str, sealed: bytes) -> bool:
        """Replace the signing key; False if there is no such environment."""
        given = {"environment": environment, "sealed": sealed}
        return self._database.write(lambda session: session.execute(_SQL["set_signing_key"], given).rowcount) > 0

    def reseal(self, again: Callable[[bytes, str], bytes]) -> int:
        """Seal the secrets of all environments again; how many changed."""
        with self._database.reading() as session:
            rows = session.execute(_SQL["all_sealed"]).fetchall()
        changed = 0
        for row in rows:
            given = {"environment": row["name"], "before": row["signing_key"]}
            sealed = again(row["signing_key"], context(row["name"]))
            if sealed != row["signing_key"]:
                changed += self._replace({**given, "sealed": sealed})
        return changed

    def list(self, environment: str) -> list[StoredKey]:
        """The keys of an environment, oldest first, also those that ended."""
        with self._database.reading() as session:
            rows = session.execute(_SQL["list_keys"], {"environment": environment}).fetchall()
        return [StoredKey(**{**_fields(row), "scopes": loads(row["scopes"])}) for row in rows]

    def _replace(self, given: dict[str, Any]) -> int:
        return self._database.write(lambda session: session.execute(_SQL["reseal"], given).rowcount)


def context(environment: str) -> str:
    """What the signing key of that environment is bound to."""
    return dumps([environment, "signing key"])


def _fields(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
