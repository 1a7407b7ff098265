"""What follows from a run that has ended: who waited for it, what is counted, and who hears of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.authoring import Sync
from connectors.engine.report import RunReport
from connectors.engine.store.batch import Place
from connectors.engine.store.connections import StoredConnection
from connectors.engine.store.schedules import ALL_WANTED
from connectors.errors import StoreError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store import Store
    from connectors.engine.store.schedules import Due

MOST_WANTED = 1000  # ids that one run takes along

_SUCCESS = frozenset({"success", "limited", "needs_confirmation"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ended:
    """A run that has ended."""

    stored: StoredConnection
    sync: Sync
    report: RunReport
    started_at: float  # Unix seconds
    checkpoint: Mapping[str, Any] | None  # that it began from
    initial: bool  # the sync had never succeeded before
    targeted: bool  # it read only what events asked for
    wanted: Mapping[str, float]  # the ids that it took along, and when they were asked for

    @property
    def ok(self) -> bool:
        """Whether it did what it was for."""
        return self.report.state in _SUCCESS


def settle(host: Host, ended: Ended) -> None:
    """Write down what follows; a store that fails now does not undo the run."""
    _count(host, ended)
    try:
        _settle(host, ended)
    except StoreError as error:
        _log.warning("what follows from run %s could not be written down: %s", ended.report.id, error.message)


def _count(host: Host, ended: Ended) -> None:
    report, labels = ended.report, {"provider": ended.stored.provider, "sync": ended.sync.name}
    host.metrics.count("connectors_runs_total", 1, state=report.state, **labels)
    host.metrics.count("connectors_provider_requests_total", report.requests, **labels)
    for change in ("added", "updated", "deleted"):
        host.metrics.count("connectors_records_total", getattr(report.counts, change), change=change, **labels)


def holds(host: Host, due: Due) -> bool:
    """Whether a schedule that was taken still is: a pause gives it back."""
    schedule = host.store.schedules.get(due.environment, due.key)
    return schedule is not None and schedule.claim == due.claim


def wanted_ids(store: Store, place: Place, *, targeted: bool) -> dict[str, float]:
    """The ids that events asked for and that a run which begins now reads, and when they were asked for.

    As many as a targeted run takes; for any other, all, or where it goes on with a pass, those from before that.
    """
    if place.variant != "base":
        return {}
    limit = MOST_WANTED if targeted else ALL_WANTED
    found = store.schedules.wanted(place.environment, place.connection, place.sync, limit=limit)
    if targeted or place.pass_.began_at >= place.started_at:
        return found
    return {id_: at for id_, at in found.items() if at <= place.pass_.began_at}


def _settle(host: Host, ended: Ended) -> None:
    rows, report = host.store.schedules, ended.report
    names: dict[str, Any] = {"environment": ended.stored.environment, "connection": ended.stored.key}
    of_sync = {**names, "sync": ended.sync.name, "variant": report.variant}
    if report.state in ("interrupted", "waiting"):
        return
    state = host.store.runs.state(names["environment"], names["connection"], ended.sync.name, report.variant)
    if not ended.ok:
        rows.note_failure(**of_sync)
        host.health.sync_failed(ended, state["succeeded_at"])
        return
    rows.changes(of_sync, "note_success")
    host.health.sync_succeeded(ended)
    host.outgoing.sync_succeeded(ended, _checkpoints(ended.checkpoint, state["checkpoint"]))
    if report.state != "limited":
        rows.no_longer_wanted(**names, sync=ended.sync.name, ids=ended.wanted)
    if state["succeeded_at"] is not None:
        rows.changes(of_sync, "satisfied")


def _checkpoints(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if before is None and after is None else {"from": before, "to": after}
