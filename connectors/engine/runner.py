"""One run: the author's generator is pulled, its items become batches, batches are committed."""

from __future__ import annotations

import logging
import shlex
import threading
from collections.abc import Generator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from connectors.authoring import Checkpoint, Gone, Item, StartOver, Sync
from connectors.authoring.sync import Version
from connectors.engine.batcher import Batcher, version_text
from connectors.engine.cancellation import StoppableClock
from connectors.engine.pace import BUDGET, Pace
from connectors.engine.passes import end_pass
from connectors.engine.report import Progress, RunReport
from connectors.engine.run import AuthorRun
from connectors.engine.sink import Sink
from connectors.errors import RunError, StoreError
from connectors.runtime.models import Model
from connectors.runtime.ports import Waiting

if TYPE_CHECKING:
    from connectors.engine.records import Reader
    from connectors.engine.report import RunOptions
    from connectors.runtime.catalog import Provider
    from connectors.runtime.client import Client

_WAIT_THAT_FLUSHES = 1.0  # seconds
_LONGEST_WAIT = 60.0  # seconds that a scheduled run waits for its budget before it closes
_MOST_RESTARTS = 1  # a sync may say StartOver once in a run


class Runner:
    """Pulls a sync to its end and keeps the report up to date."""

    def __init__(
        self,
        sync: Sync,
        model: Model,
        sink: Sink,
        report: RunReport,
        options: RunOptions,
        progress: Progress,
        clock: StoppableClock,
        provider: Provider,
    ) -> None:
        self._sync = sync
        self._sink = sink
        self._report = report
        self._options = options
        self._progress = progress
        self._clock = clock
        self._batcher = Batcher(sync, model, validate=options.validate)
        self._lock = threading.RLock()  # batches are also flushed by threads that are about to wait
        self._came = 0
        self._done: int | None = None
        self._of: int | None = None
        self._run: AuthorRun | None = None
        self.pace = Pace(provider, clock, before_wait=self._before_wait)

    def pull(self, client: Client, reader: Reader, checkpoint: dict[str, Any] | None, log: logging.Logger) -> None:
        """Run the generator to its end, and the pass with it.

        What was yielded is saved also when this raises. Raises whatever the sync raises.
        """
        for restart in range(_MOST_RESTARTS + 1):
            run = self._run = AuthorRun(
                client,
                checkpoint=checkpoint,
                log=log,
                unchanged=self._unchanged,
                stored=reader.data,
                progress=self._told,
                clock=self._clock,
                only=self._options.only,
            )
            try:
                self._finish(whole=self._consume(run))
            except StartOver:
                if restart == _MOST_RESTARTS:
                    raise RunError("the sync asked to start over twice in one run") from None
                checkpoint = None
                with self._lock:
                    self.flush()
                    self._came = 0
                    self._sink.start_over()
            else:
                return

    @property
    def targeted(self) -> bool:
        """Whether the sync read only what an event asked for: then absence says nothing."""
        return self._run is not None and self._run.targeted

    def _consume(self, run: AuthorRun) -> bool:
        """Whether the generator ended by itself."""
        try:
            with closing(_iterator(self._sync, run)) as items:
                for item in items:
                    self._add(item)
                    if self._options.limit is not None and self._came >= self._options.limit:
                        return False
        except StartOver:
            raise
        except BaseException:
            self._clock.stop()
            # The first error is the one to tell; a failed save shows in the counts.
            with suppress(RunError, StoreError):
                self.flush()
            raise
        self.flush()
        return True

    def _finish(self, *, whole: bool) -> None:
        if not whole:
            self.flush()
            self._report.state = "limited"
            self._report.notes.append(f"stopped after {self._came} records as asked; nothing was deleted by absence")
            return
        if self.targeted:
            self._report.state = "success"
            return
        ending = end_pass(self._sink, self._sync)
        self._report.counts.deleted += ending.deleted
        self._report.state = "needs_confirmation" if ending.held else "success"
        if ending.note:
            self._report.notes.append(ending.note)
        if ending.absent is not None and (ending.held or self._options.dry_run):
            self._report.would_delete = ending.absent.absent
            self._report.examples = list(ending.absent.examples)
            if ending.held:
                self._report.notes.append(_held_note(self._report, ending.absent.stored))

    def flush(self) -> None:
        """Commit what was collected."""
        with self._lock:
            batch = self._batcher.take()
            if not batch:
                return
            counts = self._sink.commit(batch, requests=self.pace.requests, waited=self.pace.waited)
            self._report.counts += counts
            self._tell()

    def _add(self, item: Item) -> None:
        self._clock.check()
        if self.targeted and isinstance(item, Checkpoint):
            return  # it would say how far a whole pass has come
        with self._lock:
            now = self._clock.now()
            self._batcher.add(item, now=now)
            self._came += not isinstance(item, (Checkpoint, Gone))
            if self._batcher.due(now):
                self.flush()

    def _unchanged(self, versions: dict[str, Version]) -> frozenset[str]:
        """Those ids whose stored version, or the one about to be stored, is this one."""
        with self._lock:
            stored = {} if self._options.full else self._sink.versions(versions)
            for id_ in versions:
                pending, version = self._batcher.version(id_)
                if pending:
                    stored[id_] = version
        return frozenset(
            id_
            for id_, version in versions.items()
            if version is not None and stored.get(id_) == version_text(self._sync, version)
        )

    def _before_wait(self, waiting: Waiting) -> None:
        if waiting.seconds > _WAIT_THAT_FLUSHES:
            self.flush()
        if self._options.claim is not None and waiting.reason == BUDGET and waiting.seconds > _LONGEST_WAIT:
            # Its thread is of more use to another sync; the schedule takes it up again in time.
            self._report.due_at = self._clock.now() + waiting.seconds
            self._clock.stop()
        self._progress.waiting(waiting)

    def _told(self, done: int, of: int | None) -> None:
        self._done, self._of = done, of
        with self._lock:
            self._tell()

    def _tell(self) -> None:
        self._progress.update(self._report.counts, done=self._done, of=self._of, requests=self.pace.requests)


def _iterator(sync: Sync, run: AuthorRun) -> Generator[Item, None, None]:
    yield from sync.function(run)


def _held_note(report: RunReport, stored: int) -> str:
    if report.dry_run:
        return f"{report.would_delete} of {stored} stored records are not there any more; a run would need a yes"
    where = shlex.quote(report.connection)
    command = f"connectors sync {report.sync} --connection {where} --confirm-deletes {report.id}"
    return (
        f"{report.would_delete} of {stored} stored records were not there any more, more than is deleted without "
        f"a yes; everything else is saved. If that is right: {command}"
    )
