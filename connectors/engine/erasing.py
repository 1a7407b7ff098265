"""Erasing a customer: everything of an end user or of one connection, at once, also from the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.engine.store.sqlite import SqliteDatabase
from connectors.errors import InputError, StoreBusy, UnknownConnection

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

_PATIENCE = 10.0  # seconds for the runs of a connection to stop
_WHICH = "Name one: `connectors erase --end-user ID` or `connectors erase --connection ID`."


@dataclass(frozen=True)
class Erased:
    """What is gone."""

    connections: Sequence[str]  # integration/id of each
    records: int
    runs: int
    warnings: Sequence[str]


def find(
    host: Host, environment: str, *, end_user: str | None = None, connection: str | None = None
) -> list[StoredConnection]:
    """The connections of an end user by its id, or those of a connection's id in whatever integration.

    Raises `UnknownConnection` if there is none, and `InputError` unless exactly one is asked for.
    """
    if (end_user is None) == (connection is None):
        raise InputError("Either an end user is erased or a connection.", next_step=_WHICH)
    found = [
        stored
        for stored in host.connections.list(environment)
        if (stored.id == connection if end_user is None else (stored.end_user or {}).get("id") == end_user)
    ]
    if not found:
        raise UnknownConnection(f"there is no connection of {end_user or connection!r} in {environment!r}")
    return found


def erase(host: Host, environment: str, found: Sequence[StoredConnection]) -> Erased:
    """Delete connections with their credentials, records, runs, files, schedules and webhooks.

    Runs that go on are stopped first. On SQLite the file and its log are then rewritten, so that
    nothing is left in pages that are not used any more; backups made before still hold it, and so
    does the audit log the names of the connections.
    """
    records = runs = 0
    warnings: list[str] = []
    names = []
    for stored in found:
        gone = host.connections.delete(environment, stored.id, stored.integration, patience=_PATIENCE)
        records, runs = records + gone.records, runs + gone.runs
        warnings += gone.warnings
        names.append(f"{stored.integration}/{stored.id}")
        host.audit_log.record(environment, "connection.erased", names[-1])
    database = host.store.database
    if isinstance(database, SqliteDatabase):
        try:
            database.compact()
        except StoreBusy as busy:  # what was erased is gone from every table; the rest has to wait for a quiet moment
            warnings.append(f"The file could not be rewritten: {busy.message}. Unused pages may still hold some of it.")
    return Erased(names, records, runs, warnings)
