"""How a sync is, as the HTTP API says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.authoring import Sync
from connectors.engine.frequency import next_slot, written
from connectors.engine.records import iso

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.schedules import Schedule

# What became of a run, in the words of the HTTP API.
_EXECUTION = {
    "running": "RUNNING",
    "waiting": "RUNNING",  # for its budget; it goes on by itself
    "success": "SUCCESS",
    "limited": "SUCCESS",
    "needs_confirmation": "SUCCESS",  # everything is saved; only deletions are held back
    "failed": "STOPPED",
    "interrupted": "STOPPED",
}


def status_item(host: Host, schedule: Schedule, declared: Sync) -> dict[str, Any]:
    """One item of `GET /sync/status`; `finishedAt` and `latestResult` only where there is something to say."""
    last = host.store.schedules.one("last_run", **schedule.names)
    execution = None if last is None else _execution(last, schedule)
    coming = _is_coming(schedule, last)
    state = host.store.runs.state(schedule.environment, schedule.connection, schedule.sync, schedule.variant)
    counted = host.store.schedules.one("count_records", **schedule.names, model=declared.model)
    item: dict[str, Any] = {
        "id": schedule.id,
        "connection_id": schedule.connection_id,
        "name": schedule.sync,
        "variant": schedule.variant,
        "type": "INITIAL" if state["succeeded_at"] is None else "INCREMENTAL",
        "status": _status(schedule, execution, coming=coming),
        "frequency": schedule.frequency or written(declared.every),
        "nextScheduledSyncAt": _next(schedule, host.clock.now()),
        "latestExecutionStatus": execution,
        "recordCount": {declared.model: 0 if counted is None else counted["records"]},
        "checkpoint": state["checkpoint"],
    }
    if last is not None:
        if last["ended_at"] is not None and not coming:
            item["finishedAt"] = iso(last["ended_at"])
        item["latestResult"] = {declared.model: {name: last[name] for name in ("added", "updated", "deleted")}}
    return item


def _execution(run: Mapping[str, Any], schedule: Schedule) -> str:
    """A run that was told to stop counts as stopped, although it ends only at its next call.

    And so does one that waits for its budget where a pause means that it will not go on.
    """
    told = run["state"] == "running" and run["stop"] is not None
    left = run["state"] == "waiting" and schedule.state == "paused" and schedule.triggered_at is None
    return "STOPPED" if told or left else _EXECUTION[run["state"]]


def _is_coming(schedule: Schedule, last: Mapping[str, Any] | None) -> bool:
    """Whether a run was asked for after the last one was told to stop, which has to end first.

    Whoever asked waits for that one's end, and would take the end of the last for it.
    """
    if last is None or last["stop"] is None or schedule.triggered_at is None or schedule.waits_for is not None:
        return False
    return last["ended_at"] is not None or bool(schedule.triggered_at > last["started_at"])


def _status(schedule: Schedule, execution: str | None, *, coming: bool) -> str:
    """A failing sync that is paused shows no error, and one that never ran shows success."""
    if execution == "RUNNING" or coming:
        return "RUNNING"
    if schedule.state == "paused":
        return "PAUSED"
    return "ERROR" if execution == "STOPPED" else "SUCCESS"


def _next(schedule: Schedule, now: float) -> str | None:
    if schedule.state == "paused" or schedule.waits_for is not None:
        return None
    due_at = schedule.due_at if schedule.claim is None else next_slot(schedule.began_at, schedule.every, now)
    return iso(due_at)
