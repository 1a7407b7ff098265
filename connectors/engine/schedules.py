"""When syncs run: one schedule per (connection, sync, variant), and the commands over them.

The commands only write what is wanted, and return before anything ran; `due` is the other side,
which takes what is due and runs it.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from connectors.authoring import Sync
from connectors.engine.frequency import next_slot, seconds_of, short, written
from connectors.engine.schedule_status import status_item
from connectors.engine.store.schedules import Schedule
from connectors.engine.sync_names import BASE, SyncName, sync_names
from connectors.errors import InputError, UnknownFunction

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

__all__ = ["BASE", "Schedule", "Schedules", "SyncName", "sync_names"]

_BETWEEN_LOOKS = 0.1  # seconds
_MOST_VARIANTS = 100  # of one sync of a connection
_VARIANT = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")


class Schedules:
    """The schedules of a host's environments.

    Everywhere: `integration` is its unique key; `syncs` holds `SyncName`s, and none means all;
    `connection_id` None means every connection of the integration. Raised everywhere:
    `UnknownIntegration`; `UnknownConnection` for an id that is not there; `UnknownFunction` for
    a sync that the integration's provider does not have. A variant that a connection does not
    have is left out.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called whenever something may have become due by a command of this process.

        It must return at once and may come from any thread. Returns what ends this.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def ensure(self, stored: StoredConnection) -> int:
        """Give a connection the schedules that it lacks: started and due at once; how many were made.

        A sync that does not start by itself gets a paused one. One that `needs` another waits for its
        first success.
        """
        rows = [self._new(sync, stored.environment, stored.key) for sync in self._host.registry.syncs(stored.provider)]
        made = self._host.store.schedules.add(stored.environment, rows)
        self._woken()
        return made

    def ensure_all(self) -> int:
        """Give all connections of all environments what they lack, and take over declared frequencies.

        For the start of a server or worker, whose connectors may have got new syncs. How many were made.
        """
        made, rows = 0, self._host.store.schedules
        for provider in self._host.registry.providers:
            for sync in self._host.registry.syncs(provider):
                rows.redeclare(provider, sync.name, sync.every, now=self._host.clock.now())
                for environment, connection in rows.lacking(provider, sync.name):
                    made += rows.add(environment, [self._new(sync, environment, connection)])
        return made

    def trigger(
        self,
        environment: str,
        integration: str,
        syncs: Sequence[SyncName] = (),
        connection_id: str | None = None,
        *,
        reset: bool = False,
        empty_cache: bool = False,
    ) -> int:
        """Ask for a run now; how many were asked for.

        Works on a paused schedule, which stays paused. Dropped while a run is asked for or goes on. `reset`
        cancels that run instead, and the new one forgets checkpoint and successes first; `empty_cache`
        then also deletes the records as if they had never been, and means nothing without `reset`.
        """
        asked = 0
        for schedule in self._chosen(environment, integration, syncs, connection_id):
            given = {"environment": environment, "key": schedule.key, "now": self._host.clock.now()}
            if reset:
                asked += self._host.store.schedules.change("ask_reset", **given, emptied=int(empty_cache))
                self._stop(schedule, "reset")
            else:
                asked += self._host.store.schedules.change("ask_run", **given)
        self._woken()
        return asked

    def pause(
        self, environment: str, integration: str, syncs: Sequence[SyncName] = (), connection_id: str | None = None
    ) -> int:
        """Switch off, and cancel a run that is asked for or goes on: it ends at its next call.

        How many there were; pausing what is paused is fine.
        """
        chosen = self._chosen(environment, integration, syncs, connection_id)
        for schedule in chosen:
            self._host.store.schedules.change("pause_schedule", environment=environment, key=schedule.key)
            self._stop(schedule, "paused")
        return len(chosen)

    def start(
        self, environment: str, integration: str, syncs: Sequence[SyncName] = (), connection_id: str | None = None
    ) -> int:
        """Switch on: due at its next regular slot, or at once if it never ran. How many there were."""
        chosen = self._chosen(environment, integration, syncs, connection_id)
        for schedule in chosen:
            now = self._host.clock.now()
            due_at = now if self._last_run(schedule) is None else next_slot(schedule.began_at, schedule.every, now)
            given = {"environment": environment, "key": schedule.key, "due_at": due_at}
            self._host.store.schedules.change("start_schedule", **given)
        self._woken()
        return len(chosen)

    def want(
        self, stored: StoredConnection, sync: str, ids: Iterable[str], *, event: tuple[str, float] | None = None
    ) -> bool:
        """An event asked for a sync of a connection: for these ids, or with none for everything.

        They are taken by the next run, or right after the one that goes on; a paused schedule keeps them.
        `event` is a key of the event and the end of its window in Unix seconds: the same one counts once,
        and is False the second time.
        """
        self.ensure(stored)
        rows, now, wanted = self._host.store.schedules, self._host.clock.now(), tuple(ids) or ("",)
        fresh = rows.want(stored.environment, stored.key, sync, wanted, now=now, event=event)
        self._woken()
        return fresh

    def status(
        self,
        environment: str,
        integration: str,
        syncs: Sequence[SyncName] = (),
        connection_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """How the syncs are: one item of `GET /sync/status` each, with the exact fields of the HTTP API.

        Unknown syncs are left out here. Fields: id, connection_id, name, variant, type, status, frequency,
        nextScheduledSyncAt, finishedAt?, latestResult?, latestExecutionStatus?, recordCount, checkpoint.
        """
        self._check(environment, integration, connection_id)
        return [
            status_item(self._host, schedule, self._declared(schedule))
            for schedule in self._host.store.schedules.of_integration(environment, integration, connection_id)
            if not syncs or SyncName(schedule.sync, schedule.variant) in syncs
        ]

    def set_frequency(
        self, environment: str, integration: str, connection_id: str, sync: SyncName, frequency: str | None
    ) -> str:
        """Give one connection's sync its own frequency, or with None the declared one again.

        Returns the text that the HTTP API answers: the frequency without its `every `, or the declared one's.
        Raises also `InputError` for a frequency that is none.
        """
        (schedule,) = self._chosen(environment, integration, [sync], connection_id) or (None,)
        if schedule is None:
            raise UnknownFunction(f"{connection_id} has no variant {sync.variant!r} of the sync {sync.name!r}")
        every = self._declared(schedule).every if frequency is None else seconds_of(frequency)
        due_at = schedule.due_at
        if self._last_run(schedule) is not None:
            due_at = next_slot(schedule.began_at, every, self._host.clock.now())
        given = {"environment": environment, "key": schedule.key, "due_at": due_at}
        self._host.store.schedules.change("set_frequency", **given, every=every, frequency=frequency)
        self._woken()
        return written(every) if frequency is None else short(frequency)

    def create_variant(
        self, environment: str, integration: str, connection_id: str, sync: str, variant: str
    ) -> dict[str, Any]:
        """Give a connection's sync a variant with its own schedule, checkpoint and records: `{id, name, variant}`.

        Raises also `InputError` whose fact `reference_code` is `invalid_variant`, `sync_variant_already_exists`
        or `resource_capped`.
        """
        if variant == BASE or not _VARIANT.match(variant):
            raise InputError(f"{variant[:60]!r} cannot be a variant", reference_code="invalid_variant")
        self._check(environment, integration, connection_id)
        stored = self._host.connections.get(environment, connection_id, integration)
        declared = self._host.registry.sync(stored.provider, sync)
        rows = self._host.store.schedules
        counted = rows.one("count_variants", environment=environment, connection=stored.key, sync=sync)
        if counted is not None and counted["variants"] >= _MOST_VARIANTS:
            raise InputError(f"{sync} has {_MOST_VARIANTS} variants already", reference_code="resource_capped")
        base = rows.find(environment, stored.key, sync, BASE)
        row = self._new(declared, environment, stored.key, variant=variant)
        if base is not None:
            row |= {"state": base.state, "every": base.every, "frequency": base.frequency}
        if not rows.add(environment, [row]):
            raise InputError(f"{sync} has the variant {variant!r}", reference_code="sync_variant_already_exists")
        self._woken()
        return {"id": row["id"], "name": sync, "variant": variant}

    def delete_variant(self, environment: str, integration: str, connection_id: str, sync: str, variant: str) -> None:
        """Remove a variant with its records; a run of it ends at its next call.

        Raises also `UnknownFunction` if there is no such variant, and `InputError` (`invalid_variant`) for the base.
        """
        if variant == BASE:
            raise InputError("the base of a sync cannot be deleted", reference_code="invalid_variant")
        for schedule in self._chosen(environment, integration, [SyncName(sync, variant)], connection_id):
            self._stop(schedule, "deleted")
            given = {**schedule.names, "model": self._declared(schedule).model}
            self._host.store.schedules.changes(given, "delete_schedule", "drop_pass", "forget_sync", "drop_stream")
            self._host.health.forget_sync(environment, schedule.connection, sync, variant)
            return
        raise UnknownFunction(f"{sync} has no variant {variant!r}", reference_code="not_found")

    def end(self, stored: StoredConnection, patience: float) -> None:
        """Remove all schedules of a connection, and wait so many seconds until its runs have stopped."""
        rows, names = self._host.store.schedules, {"environment": stored.environment, "connection": stored.key}
        rows.change("drop_schedules", **names)
        rows.change("stop_runs_of_connection", **names, why="deleted")
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and (rows.one("count_running", **names) or {}).get("running"):
            time.sleep(_BETWEEN_LOOKS)

    def _chosen(
        self, environment: str, integration: str, syncs: Sequence[SyncName], connection_id: str | None
    ) -> list[Schedule]:
        provider = self._check(environment, integration, connection_id)
        for sync in syncs:
            self._host.registry.sync(provider, sync.name)
        known = {sync.name for sync in self._host.registry.syncs(provider)}
        found = self._host.store.schedules.of_integration(environment, integration, connection_id)
        wanted = set(syncs)
        return [
            schedule
            for schedule in found
            if schedule.sync in known and (not wanted or SyncName(schedule.sync, schedule.variant) in wanted)
        ]

    def _check(self, environment: str, integration: str, connection_id: str | None) -> str:
        """The integration's provider, once integration and connection are known to be there; they lack no schedule."""
        provider = self._host.integrations.get(environment, integration).provider
        if connection_id is not None:
            self.ensure(self._host.connections.get(environment, connection_id, integration))
        return provider

    def _declared(self, schedule: Schedule) -> Sync:
        return self._host.registry.sync(schedule.provider, schedule.sync)

    def _last_run(self, schedule: Schedule) -> dict[str, Any] | None:
        return self._host.store.schedules.one("last_run", **schedule.names)

    def _stop(self, schedule: Schedule, why: str) -> None:
        self._host.store.schedules.change("stop_run", **schedule.names, why=why)

    def _woken(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def _new(self, sync: Sync, environment: str, connection: int, *, variant: str = BASE) -> dict[str, Any]:
        """A schedule as it begins."""
        waits_for = sync.needs
        if waits_for is not None:
            state = self._host.store.runs.state(environment, connection, waits_for, variant)
            waits_for = waits_for if state["succeeded_at"] is None else None
        return {
            "id": str(uuid.uuid4()),
            "connection": connection,
            "sync": sync.name,
            "variant": variant,
            "state": "started" if sync.auto_start else "paused",
            "every": sync.every,
            "frequency": None,
            "waits_for": waits_for,
            "now": self._host.clock.now(),
        }
