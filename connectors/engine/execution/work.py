"""The work that goes on by itself: syncs that are due, calls of actions that nobody waits for, webhooks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from connectors.engine.delivery import Deliverer
from connectors.engine.due import Worker
from connectors.engine.execution.embedded import Embedded
from connectors.engine.execution.protocol import Duty, Execution, Job, Task
from connectors.engine.leases import close_dead
from connectors.engine.store.schedules import QUEUED
from connectors.engine.store.sqlite import SqliteDatabase
from connectors.engine.upkeep import duties
from connectors.errors import StoreError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.postgres import PostgresDatabase

SYNCS, ACTIONS = "syncs", "actions"  # lanes
_log = logging.getLogger(__name__)
_TICK = 1.0  # seconds; how late a sync may begin at most, when there is a free thread
_MOST_AT_ONCE = 1000  # due schedules that are queued together


class Work:
    """Everything that a host does by itself, between `start` and `stop`. One per process.

    On SQLite it runs in this process only; on PostgreSQL every process that started takes its part.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._heartbeat: float = host.settings.value("CONNECTORS_HEARTBEAT")
        self._take_over: float = host.settings.value("CONNECTORS_TAKE_OVER")
        # A claim outlasts the last heartbeat of its run: whoever takes it over finds the run dead.
        self._worker = Worker(host, holds=self._take_over + 2 * self._heartbeat)
        self._deliverer = Deliverer(host)
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()  # set when what ran has ended
        self._unlisten: list[Callable[[], None]] = []
        self.execution = self._execution()
        self._add_duties()

    def start(self) -> None:
        """Begin, in threads of its own."""
        self._host.schedules.ensure_all()
        if not self._host.store.database.by_heartbeat:
            # What was queued in a process that has ended is in no queue any more.
            self._host.store.schedules.change("release_claims", claim=QUEUED)
        self._worker.spread()
        stopping = self._host.stopping
        for name, work in (
            ("execution", self.execution.work),
            ("claims", self._keep_claims),
            ("webhooks", lambda: self._deliverer.work(stopping)),
        ):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, *, at_most: float = 30.0) -> None:
        """Ask everything to end, wait for it so many seconds, and give back what was not begun."""
        for unlisten in self._unlisten:
            unlisten()
        self.execution.stop(at_most=at_most)
        self._over.set()
        for thread in self._threads:
            thread.join(at_most)
        self._worker.release()
        self._deliverer.close()

    def queue_due(self) -> int:
        """Queue the schedules that are due; how many."""
        next_due = self._worker.next_due()
        if next_due is None or next_due > self._host.clock.now():
            return 0
        found = self._worker.queue(limit=_MOST_AT_ONCE)
        self.execution.trigger(
            [Job("sync", {"environment": due.environment, "key": due.key}, key=f"sync:{due.key}") for due in found]
        )
        return len(found)

    def queue_calls(self) -> None:
        """Have somebody make the calls of actions that wait."""
        next_at = self._host.action_calls.next_at()
        if next_at is not None and next_at <= self._host.clock.now():
            self.execution.trigger([Job("actions", {}, key="actions")])

    def close_dead(self) -> None:
        """Close the runs whose process died; their schedules are due again when its claims end."""
        close_dead(self._host.store, now=self._host.clock.now(), take_over=self._take_over)

    def _execution(self) -> Execution:
        tasks = [Task("sync", self._sync, SYNCS), Task("actions", self._actions, ACTIONS)]
        most: int = self._host.settings.value("CONNECTORS_CONCURRENCY")
        threads = {SYNCS: most, ACTIONS: max(2, most // 2)}
        database, stopping = self._host.store.database, self._host.stopping
        if isinstance(database, SqliteDatabase):
            return Embedded(tasks, threads=threads, stopping=stopping)
        from connectors.engine.execution.procrastinate import Procrastinate

        return Procrastinate(
            cast("PostgresDatabase", database),  # the other one there is
            tasks,
            threads=threads,
            stopping=stopping,
            heartbeat=self._heartbeat,
            take_over=self._take_over,
        )

    def _add_duties(self) -> None:
        execution, host = self.execution, self._host
        self._unlisten += [
            host.schedules.listen(execution.every(Duty("queue due syncs", _TICK, self.queue_due))),
            host.action_calls.listen(execution.every(Duty("queue calls of actions", _TICK, self.queue_calls))),
        ]
        for duty in duties(host):
            execution.every(duty)
        execution.every(Duty("close dead runs", self._take_over / 2, self.close_dead))

    def _sync(self, given: Mapping[str, Any]) -> None:
        due = self._worker.take_queued(given["environment"], given["key"])
        if due is not None:
            self._worker.run(due)

    def _actions(self, given: Mapping[str, Any]) -> None:
        del given
        while not self._host.stopping.is_set() and self._host.action_calls.make_next():
            pass

    def _keep_claims(self) -> None:
        """Also while runs end at a shutdown: until `stop` has waited for them."""
        while not self._over.wait(self._heartbeat):
            try:
                self._worker.keep()
            except StoreError as error:  # the next time may go better; until then the claims hold
                _log.warning("claims could not be kept: %s", error.message)
