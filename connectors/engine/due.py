"""The other side of the schedules: take what is due, run it, say that it is done."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.engine.frequency import next_slot
from connectors.engine.leases import owner
from connectors.engine.report import RunOptions, RunReport
from connectors.engine.runs import run_sync
from connectors.engine.store.schedules import QUEUED, Due, Schedule
from connectors.errors import AlreadyRunning, ConnectorError, UnknownConnection, UnknownFunction

if TYPE_CHECKING:
    from connectors.engine.host import Host

CLAIM = 60.0  # seconds that a claim holds without `keep`
_SPREAD_FROM = 20  # so many overdue at the start of a server are not run at once
_SPREAD_OVER = 60.0  # seconds
_AGAIN = 1.0  # seconds until a schedule whose run was in another process's hands is looked at again

_log = logging.getLogger(__name__)


class Worker:
    """Takes due schedules for one process. Any number of them share a store: each schedule goes to one."""

    def __init__(self, host: Host, *, holds: float = CLAIM) -> None:
        self._host = host
        self._holds = holds  # seconds that its claims hold without `keep`
        self.claim = f"{owner()}:{uuid.uuid4().hex[:12]}"  # what its claims are known by

    def take(self, *, limit: int = 1000) -> list[Due]:
        """Claim what is due, the longest due first.

        A claim holds for so many seconds as the worker was made with; `keep` prolongs all of this worker's.
        One that ran out is due again: its worker is dead, or so slow that the lease of the run has to decide.
        """
        now = self._host.clock.now()
        return self._host.store.schedules.claim_due(self.claim, now=now, until=now + self._holds, limit=limit)

    def queue(self, *, limit: int = 1000) -> list[Due]:
        """Claim what is due for whichever worker begins with it first (`take_queued`).

        What nobody has begun with after `CLAIM` seconds is due again, so a queue that was lost is made anew.
        """
        now = self._host.clock.now()
        return self._host.store.schedules.claim_due(QUEUED, now=now, until=now + CLAIM, limit=limit)

    def take_queued(self, environment: str, key: int) -> Due | None:
        """Begin with one that was queued; None if somebody else did, or it was paused or deleted."""
        now = self._host.clock.now()
        return self._host.store.schedules.take_queued(
            environment, key, claim=self.claim, now=now, until=now + self._holds
        )

    def keep(self) -> int:
        """Prolong this worker's claims; how many there are. Call it at least three times while they hold."""
        until = self._host.clock.now() + self._holds
        return self._host.store.schedules.change("keep_claims", claim=self.claim, until=until)

    def release(self) -> int:
        """Give all claims back, for a shutdown: what was not run is due again at once."""
        return self._host.store.schedules.change("release_claims", claim=self.claim)

    def next_due(self) -> float | None:
        """When the next schedule is due, in Unix seconds; None if none is by itself."""
        found = self._host.store.schedules.one("next_wake")
        return None if found is None else found["wake_at"]

    def spread(self) -> int:
        """At the start of a server: if many are overdue, put them off over a minute; how many.

        What was asked for by a command is not put off.
        """
        rows, now = self._host.store.schedules, self._host.clock.now()
        overdue = rows.one("count_overdue", now=now)
        if overdue is None or overdue["overdue"] < _SPREAD_FROM:
            return 0
        return rows.change("spread_overdue", now=now, over=_SPREAD_OVER)

    def run(self, due: Due) -> RunReport | None:
        """Run what was taken, to its end, and give the claim back; never raises for what a run can meet.

        None if there is nothing to run any more: it was paused, deleted or taken by somebody else meanwhile,
        or its sync runs elsewhere.
        """
        rows = self._host.store.schedules
        named = {"environment": due.environment, "key": due.key, "claim": due.claim}
        kept = rows.change("keep_claim", **named, until=self._host.clock.now() + self._holds)
        schedule = rows.get(due.environment, due.key) if kept else None
        if schedule is None:
            return None
        if self._waits_for_another(schedule, named):
            return None
        if due.only_wanted and not rows.wanted(due.environment, due.connection, due.sync, limit=1):
            self._finish(due, done=False)  # another run has read it meanwhile
            return None
        options = RunOptions(
            variant=due.variant,
            trigger=due.trigger,
            reset=due.reset,
            empty=due.emptied,
            targeted=due.only_wanted,
            claim=due,
        )
        report, again_at = self._attempt(schedule, options, after_another=due.reset)
        if again_at is None:
            self._finish(due, done=report is not None and report.state == "success")
        else:
            rows.change("put_off", **named, due_at=again_at)
        return report

    def _attempt(
        self, schedule: Schedule, options: RunOptions, *, after_another: bool
    ) -> tuple[RunReport | None, float | None]:
        """How the run went, and when it is to go on; None: with the next slot.

        `after_another`: it follows a run that may not have ended yet, and waits for that.
        """
        now = self._host.clock.now
        try:
            report = run_sync(
                self._host,
                schedule.environment,
                schedule.connection_id,
                schedule.sync,
                options,
                integration=schedule.integration,
            )
        except AlreadyRunning:
            return None, now() + _AGAIN if after_another or self._is_ending(schedule) else None
        except UnknownConnection:
            return None, None
        except ConnectorError as error:
            _log.warning("%s of %s could not begin: %s", schedule.sync, schedule.connection_id, error.message)
            self._host.health.sync_not_begun(schedule, error)
            return None, None
        except Exception:  # noqa: BLE001 - whatever a connector's code does, the other schedules go on
            _log.exception("%s of %s could not begin", schedule.sync, schedule.connection_id)
            return None, None
        if report.state == "waiting":
            return report, report.due_at
        if report.state == "interrupted" and self._host.stopping.is_set():
            return report, now()  # the next process goes on with it
        return report, None

    def _is_ending(self, schedule: Schedule) -> bool:
        """Whether the run that goes on was told to stop: what was asked for since then is no double of it."""
        last = self._host.store.schedules.one("last_run", **schedule.names)
        return last is not None and last["stop"] is not None

    def _waits_for_another(self, schedule: Schedule, named: Mapping[str, Any]) -> bool:
        """Whether it cannot run before another sync has succeeded, which a reset made forget that; it waits for it."""
        try:
            needs = self._host.registry.sync(schedule.provider, schedule.sync).needs
        except UnknownFunction:
            return False  # the run says so
        if needs is None or self._has_succeeded(schedule, needs):
            return False
        self._host.store.schedules.change("wait_for", **named, needs=needs)
        if self._has_succeeded(schedule, needs):  # just now, before it knew who waits
            self._host.store.schedules.change("satisfied", **{**schedule.names, "sync": needs})
        return True

    def _has_succeeded(self, schedule: Schedule, sync: str) -> bool:
        state = self._host.store.runs.state(schedule.environment, schedule.connection, sync, schedule.variant)
        return state["succeeded_at"] is not None

    def _finish(self, due: Due, *, done: bool) -> None:
        """The next slot is the first one in the future; what was missed meanwhile is dropped.

        Wanted ids that are left, since a run takes only so many, are asked for again.
        """
        rows, now = self._host.store.schedules, self._host.clock.now()
        schedule = rows.get(due.environment, due.key)
        if schedule is None:
            return
        due_at = next_slot(schedule.began_at, schedule.every, now)
        named = {"environment": due.environment, "key": due.key, "claim": due.claim}
        rows.change("finish_schedule", **named, due_at=due_at, taken=due.triggered_at)
        if done and schedule.variant == "base" and rows.wanted(due.environment, due.connection, due.sync, limit=1):
            rows.change("ask_targeted", **due.names, now=now, queued=QUEUED)
