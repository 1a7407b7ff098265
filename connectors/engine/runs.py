"""Running a sync once: the lease, the client, the runner, the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.authoring import Sync
from connectors.engine.cancellation import StoppableClock
from connectors.engine.leases import lease, owner
from connectors.engine.pace import Pace, advice_on_pace
from connectors.engine.records import Reader
from connectors.engine.report import Progress, RunOptions, RunReport, Silence
from connectors.engine.run_log import run_logger
from connectors.engine.runner import Runner
from connectors.engine.settling import Ended, holds, settle, wanted_ids
from connectors.engine.sink import DrySink, Sink, StoreSink
from connectors.engine.store.connections import StoredConnection
from connectors.engine.tracing import span
from connectors.engine.watch import LONGEST_RUN, Watch
from connectors.errors import ConnectorError, InputError, RunError, RunStopped, StoreError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.client import Client
    from connectors.runtime.connection import Connection
    from connectors.runtime.ports import Observer


def run_sync(
    host: Host,
    environment: str,
    connection_id: str,
    sync_name: str,
    options: RunOptions | None = None,
    *,
    integration: str | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Run a sync of a connection once, to its end.

    A run that fails is reported, not raised: `report.state` is "failed" and `report.error` says
    why; what was read before is saved. Raises for what prevents a run from beginning:
    `UnknownConnection`, `UnknownFunction`, `AlreadyRunning`, `VaultError`, `RunError` for a sync
    that needs another one first, and the like.
    """
    options = options or RunOptions()
    if options.limit is not None and options.limit < 1:
        raise InputError(f"a limit is a number of records from 1, not {options.limit}")
    stored = host.connections.get(environment, connection_id, integration)
    sync = host.registry.sync(stored.provider, sync_name)
    _check_needs(host, stored, sync, options.variant)
    report = RunReport(stored.id, sync.name, sync.model, options.variant, options.dry_run)
    once = _Once(host, stored, sync, options, report, progress or Silence())
    with span("sync", provider=stored.provider, sync=sync.name, variant=options.variant, trigger=options.trigger):
        once.run()
    return report


def _check_needs(host: Host, stored: StoredConnection, sync: Sync, variant: str) -> None:
    if sync.needs is None:
        return
    state = host.store.runs.state(stored.environment, stored.key, sync.needs, variant)
    if state["succeeded_at"] is None:
        raise RunError(
            f"the sync {sync.name} needs {sync.needs}, which has not succeeded yet for {stored.id}",
            next_step=f"Run `connectors sync {sync.needs} --connection {shlex.quote(stored.id)}` first.",
        )


class _Once:
    """One run with everything it needs."""

    def __init__(
        self,
        host: Host,
        stored: StoredConnection,
        sync: Sync,
        options: RunOptions,
        report: RunReport,
        progress: Progress,
    ) -> None:
        self.host = host
        self.stored = stored
        self.sync = sync
        self.options = options
        self.report = report
        self.progress = progress
        self.clock = StoppableClock(host.clock)
        self.watch: Watch | None = None  # of a run that is written down
        self.targeted = False  # it read only what events asked for
        self.initial = True  # the sync has never succeeded before
        self.checkpoint: dict[str, Any] | None = None  # that it began from
        self.wanted: dict[str, float] = {}  # ids that events asked for and that it reads, and when

    def run(self) -> None:
        model = self.host.registry.models.get(self.stored.provider, self.sync.model)
        connection = self.host.connections.open(self.stored)
        with self._sink() as (sink, checkpoint):
            began = self.host.clock.now()
            runner = Runner(
                self.sync, model, sink, self.report, self.options, self.progress, self.clock, connection.provider
            )
            with self.host.client_for(
                connection, stored=self.stored, urgent=False, observer=self._observer(runner.pace), clock=self.clock
            ) as client:
                self._pull(runner, client, checkpoint)
            self.report.requests, self.report.waited = runner.pace.requests, runner.pace.waited
            self.report.seconds = self.host.clock.now() - began
            self.report.estimates = runner.pace.estimates()
            advice = advice_on_pace(connection, self.report.waited, runner.pace.refused)
            self.report.notes += [advice] if advice else []
            self.report.notes = [connection.redactor.text(note) for note in self.report.notes]

    def _observer(self, pace: Pace) -> Observer:
        """The pace, and the request log of a run that is written down."""
        if self.report.id is None:
            return pace
        return self.host.requests.observe(self.stored, pace, kind="sync", name=self.sync.name, run=self.report.id)

    def _pull(self, runner: Runner, client: Client, checkpoint: dict[str, Any] | None) -> None:
        try:
            log = run_logger(self.stored.provider, self.sync.name, self.report.id, client.connection.redactor)
            try:
                runner.pull(client, Reader(self.host.store, self.stored, self.options.variant), checkpoint, log)
            finally:
                self.targeted = runner.targeted
        except (KeyboardInterrupt, RunStopped):
            if self.report.due_at is not None and (self.watch is None or self.watch.why is None):
                self.report.state = "waiting"
                self.report.notes.append("waits for its budget; it goes on by itself")
                return
            self.report.state = "interrupted"
            why = "" if self.watch is None or self.watch.why is None else f" ({self.watch.why})"
            saved = "what was read is saved, and the next run goes on from there"
            self.report.notes.append(f"stopped{why}; {'nothing was saved' if self.options.dry_run else saved}")
        except ConnectorError as error:
            self._failed(error, client.connection)
        except Exception as error:  # noqa: BLE001 - a sync is somebody else's code and may raise anything
            raised = RunError(f"the sync {self.sync.name} raised {type(error).__name__}: {error}")
            raised.next_step = "Mend the sync's code."
            self._failed(raised, client.connection)

    def _failed(self, error: ConnectorError, connection: Connection) -> None:
        """Whoever raised it may have put a secret in."""
        self.report.state = "failed"
        self.report.error = connection.redactor.data(error.to_dict())

    @contextmanager
    def _sink(self) -> Iterator[tuple[Sink, dict[str, Any] | None]]:
        """The place to write to, with the lease that it takes; closes the run's row."""
        environment, store = self.stored.environment, self.host.store
        names = (environment, self.stored.key, self.sync.name)
        if self.options.dry_run:
            dry = DrySink(store, environment, self.stored.key, self.sync, self.options.variant, full=self.options.full)
            checkpoint = None if self.options.full else store.runs.state(*names, self.options.variant)["checkpoint"]
            try:
                yield dry, checkpoint
            finally:
                self.report.preview = dry.preview
                dry.close()
            return
        with lease(store, *names, self.options.variant):
            place, checkpoint, dead = store.passes.begin(
                *names,
                self.sync.model,
                self.options.variant,
                trigger=self.options.trigger,
                owner=owner(),
                full=self.options.full,
                now=self.host.clock.now(),
                take_over=self.host.settings.value("CONNECTORS_TAKE_OVER"),
            )
            self.report.id = place.run
            if dead is not None:
                self.report.notes.append(f"run {dead} was interrupted; this run went on where it stopped")
            sink = StoreSink(store, place, self.host.clock.now)
            self.watch = Watch(
                store,
                place,
                self.clock,
                stopping=self.host.stopping,
                heartbeat=self.host.settings.value("CONNECTORS_HEARTBEAT"),
            )
            try:
                with self.watch.watching():
                    yield sink, self._begun(sink, checkpoint)
            finally:
                self._close(sink)

    def _begun(self, sink: StoreSink, checkpoint: dict[str, Any] | None) -> dict[str, Any] | None:
        """What the run begins from: a reset forgets first, and a pause that came just now still counts."""
        claim = self.options.claim
        self.checkpoint, place = checkpoint, sink.place
        state = self.host.store.runs.state(place.environment, place.connection, place.sync, place.variant)
        self.initial = state["succeeded_at"] is None
        if self.options.reset:
            sink.forget(records=self.options.empty)
            checkpoint = None
        if claim is not None and self.watch is not None and not holds(self.host, claim):
            self.watch.stop("paused")
        self.wanted = wanted_ids(self.host.store, sink.place, targeted=self.options.targeted)
        if self.options.targeted:
            everything = "" in self.wanted
            self.options = replace(self.options, only=frozenset() if everything else frozenset(self.wanted))
        return checkpoint

    def _close(self, sink: StoreSink) -> None:
        report, place = self.report, sink.place
        self.host.requests.flush()
        if self.watch is not None and self.watch.why == "expired":
            report.state = "failed"
            report.error = RunError(f"the run took longer than {LONGEST_RUN:.0f} s and was stopped").to_dict()
        if report.state == "running":
            report.state = "failed"
        try:
            if self.targeted:
                sink.leave()
            closed = self.host.store.runs.end(
                place.environment,
                place,
                report.state,
                would_delete=report.would_delete,
                requests=report.requests,
                waited=report.waited,
                error=report.error,
                notes=report.notes,
                now=self.host.clock.now(),
            )
        except StoreError as error:
            # The row stays open; the next run closes it as interrupted.
            if report.state != "interrupted":
                report.state = "failed"
            report.error = report.error or error.to_dict()
        else:
            if closed:
                settle(self.host, self._ended(place.started_at))

    def _ended(self, started_at: float) -> Ended:
        return Ended(
            stored=self.stored,
            sync=self.sync,
            report=self.report,
            started_at=started_at,
            checkpoint=self.checkpoint,
            initial=self.initial,
            targeted=self.targeted,
            wanted=self.wanted,
        )
