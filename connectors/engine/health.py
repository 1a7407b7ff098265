"""What is wrong with connections: recorded once, told once, gone when it is well again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connectors.engine.report import RunReport
from connectors.engine.settling import Ended
from connectors.errors import ConnectorError, UnknownConnection, UnknownFunction

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.engine.store.schedules import Schedule


class Health:
    """The errors of a host's connections."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def errors(self, environment: str, connection: int | None = None) -> dict[int, list[dict[str, Any]]]:
        """What is wrong, as the HTTP API lists it: `{"type": "auth"|"sync", "log_id"}` by key of the connection."""
        found = self._host.store.connection_errors.list(environment, connection)
        return {
            key: [{"type": error["kind"], "log_id": error["log_id"]} for error in errors]
            for key, errors in found.items()
        }

    def refresh_failed(self, stored: StoredConnection, error: Mapping[str, Any]) -> None:
        """Credentials could not be renewed; the customer is told the first time."""
        if self._record(stored, "auth", "", str(uuid.uuid4()), error, tell_after=1):
            self._host.outgoing.refresh_failed(stored, error)

    def refreshed(self, stored: StoredConnection) -> None:
        """Credentials were renewed, or given anew."""
        self._host.store.connection_errors.clear(stored.environment, stored.key, "auth")

    def sync_failed(self, ended: Ended, last_success: float | None) -> None:
        """A run failed.

        The customer is told when as many have in a row as CONNECTORS_ALERT_AFTER says, and not again before
        one has worked.
        """
        after = self._host.settings.value("CONNECTORS_ALERT_AFTER")
        error = ended.report.error or {"code": "run_error", "message": "The run failed."}
        log_id = str(uuid.uuid4() if ended.report.id is None else ended.report.id)
        if self._record(ended.stored, "sync", _name(ended), log_id, error, tell_after=after):
            self._host.outgoing.sync_failed(ended, last_success)

    def sync_not_begun(self, schedule: Schedule, error: ConnectorError) -> None:
        """A run that was due could not begin, such as where a key is lost; it counts as one that failed."""
        with suppress(UnknownConnection, UnknownFunction):
            sync = self._host.registry.sync(schedule.provider, schedule.sync)
            stored = self._host.connections.get(schedule.environment, schedule.connection_id, schedule.integration)
            report = RunReport(stored.id, sync.name, sync.model, schedule.variant, dry_run=False, state="failed")
            report.error = error.to_dict()
            state = self._host.store.runs.state(stored.environment, stored.key, sync.name, schedule.variant)
            initial, now = state["succeeded_at"] is None, self._host.clock.now()
            self.sync_failed(
                Ended(stored, sync, report, now, state["checkpoint"], initial, False, {}), state["succeeded_at"]
            )

    def sync_succeeded(self, ended: Ended) -> None:
        """A run worked."""
        self.forget_sync(ended.stored.environment, ended.stored.key, ended.sync.name, ended.report.variant)

    def forget_sync(self, environment: str, connection: int, sync: str, variant: str) -> None:
        """Nothing is wrong with a sync any more, by the key of its connection."""
        self._host.store.connection_errors.clear(environment, connection, "sync", f"{sync}::{variant}")

    def _record(
        self,
        stored: StoredConnection,
        kind: str,
        name: str,
        log_id: str,
        error: Mapping[str, Any],
        *,
        tell_after: int,
    ) -> bool:
        return self._host.store.connection_errors.record(
            stored.environment,
            stored.key,
            kind,
            name,
            log_id=log_id,
            error=error,
            tell_after=tell_after,
            now=self._host.clock.now(),
        )


def _name(ended: Ended) -> str:
    return f"{ended.sync.name}::{ended.report.variant}"
