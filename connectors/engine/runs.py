"""Running a sync once: the lease, the client, the runner, the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.authoring import Sync
from connectors.engine.cancellation import StoppableClock
from connectors.engine.leases import lease, owner
from connectors.engine.pace import advice_on_pace
from connectors.engine.records import Reader
from connectors.engine.report import Progress, RunOptions, RunReport, Silence
from connectors.engine.run_log import run_logger
from connectors.engine.runner import Runner
from connectors.engine.sink import DrySink, Sink, StoreSink
from connectors.engine.store.batch import Place
from connectors.engine.store.connections import StoredConnection
from connectors.errors import ConnectorError, InputError, RunError, RunStopped, StoreError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.client import Client
    from connectors.runtime.connection import Connection


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

    def run(self) -> None:
        model = self.host.registry.models.get(self.stored.provider, self.sync.model)
        connection = self.host.connections.open(self.stored)
        with self._sink() as (sink, checkpoint):
            began = self.host.clock.now()
            runner = Runner(
                self.sync, model, sink, self.report, self.options, self.progress, self.clock, connection.provider
            )
            with self.host.client_for(
                connection, stored=self.stored, urgent=False, observer=runner.pace, clock=self.clock
            ) as client:
                self._pull(runner, client, checkpoint)
            self.report.requests, self.report.waited = runner.pace.requests, runner.pace.waited
            self.report.seconds = self.host.clock.now() - began
            self.report.estimates = runner.pace.estimates()
            advice = advice_on_pace(connection, self.report.waited, runner.pace.refused)
            self.report.notes += [advice] if advice else []
            self.report.notes = [connection.redactor.text(note) for note in self.report.notes]

    def _pull(self, runner: Runner, client: Client, checkpoint: dict[str, Any] | None) -> None:
        try:
            log = run_logger(self.stored.provider, self.sync.name, self.report.id, client.connection.redactor)
            runner.pull(client, Reader(self.host.store, self.stored, self.options.variant), checkpoint, log)
        except (KeyboardInterrupt, RunStopped):
            self.report.state = "interrupted"
            saved = "what was read is saved, and the next run goes on from there"
            self.report.notes.append(f"stopped; {'nothing was saved' if self.options.dry_run else saved}")
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
            )
            self.report.id = place.run
            if dead is not None:
                self.report.notes.append(f"run {dead} was interrupted; this run went on where it stopped")
            sink = StoreSink(store, place, self.host.clock.now)
            try:
                yield sink, checkpoint
            finally:
                self._close(sink.place)

    def _close(self, place: Place) -> None:
        report = self.report
        if report.state == "running":
            report.state = "failed"
        try:
            self.host.store.runs.end(
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
