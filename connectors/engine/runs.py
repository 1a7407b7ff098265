"""Running a sync once: the lease, the client, the runner, the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.authoring import Sync
from connectors.engine.cancellation import StoppableClock
from connectors.engine.leases import lease, owner
from connectors.engine.records import Reader
from connectors.engine.report import Progress, RunOptions, RunReport, Silence
from connectors.engine.runner import Runner
from connectors.engine.sink import DrySink, Sink, StoreSink
from connectors.engine.store.batch import Place
from connectors.engine.store.connections import StoredConnection
from connectors.errors import ConnectorError, InputError, RunError, RunStopped

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.client import Client
    from connectors.runtime.connection import Connection

_LOGGER = "connectors.sync"
_WORTH_A_NOTE = 1.0  # seconds of waiting


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
            next_step=f"Run `connectors sync {sync.needs} --connection {stored.id}` first.",
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
        self.log = logging.getLogger(f"{_LOGGER}.{stored.provider}.{sync.name}")

    def run(self) -> None:
        model = self.host.registry.models.get(self.stored.provider, self.sync.model)
        connection = self.host.connections.open(self.stored)
        with self._sink() as (sink, checkpoint):
            began = self.host.clock.now()
            runner = Runner(
                self.sync, model, sink, self.report, self.options, self.progress, self.clock, connection.provider
            )
            with self.host.client_for(connection, urgent=False, observer=runner.pace, clock=self.clock) as client:
                self._pull(runner, client, checkpoint)
            self.report.requests, self.report.waited = runner.pace.requests, runner.pace.waited
            self.report.seconds = self.host.clock.now() - began
            self.report.estimates = runner.pace.estimates()
            self._note_the_wait(connection)

    def _pull(self, runner: Runner, client: Client, checkpoint: dict[str, Any] | None) -> None:
        try:
            runner.pull(client, Reader(self.host.store, self.stored, self.options.variant), checkpoint, self.log)
        except (KeyboardInterrupt, RunStopped):
            self.report.state = "interrupted"
            self.report.notes.append("stopped; what was read is saved, and the next run goes on from there")
        except ConnectorError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - a sync is somebody else's code and may raise anything
            text = client.connection.redactor.text(f"{type(error).__name__}: {error}")
            self._failed(RunError(f"the sync {self.sync.name} raised {text}", next_step="Mend the sync's code."))

    def _failed(self, error: ConnectorError) -> None:
        self.report.state = "failed"
        self.report.error = error.to_dict()

    def _note_the_wait(self, connection: Connection) -> None:
        """Say how to go faster, if this run waited for the budget of a plan that nobody chose."""
        rates = connection.provider.rate_limits or {}
        if self.report.waited < _WORTH_A_NOTE or connection.metadata.get("plan"):
            return
        plan = rates.get("plan")
        others = [str(name) for name in rates.get("plans", ()) if name != plan]
        if others:
            choice = " or ".join(name.capitalize() for name in others)
            self.report.notes.append(
                f"waited {self.report.waited:.0f} s for the {plan} budget; if this account is {choice}, set plan: "
                f"connectors connections set {self.stored.id} --metadata plan={others[0]}"
            )

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
