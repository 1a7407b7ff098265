"""A run that goes on is looked after: it shows that it lives, and ends when it has to before its time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.errors import StoreError

if TYPE_CHECKING:
    from connectors.engine.cancellation import StoppableClock
    from connectors.engine.store import Store
    from connectors.engine.store.batch import Place

LONGEST_RUN = 86400.0  # seconds
BETWEEN_LOOKS = 1.0  # seconds
_log = logging.getLogger(__name__)


class Watch:
    """Looks once a second whether a run has to end before its time, and says so to its clock."""

    def __init__(
        self,
        store: Store,
        place: Place,
        clock: StoppableClock,
        *,
        stopping: threading.Event | None = None,
        heartbeat: float = 5.0,
    ) -> None:
        """`stopping` is set when all that runs in this process should end; `heartbeat` is in seconds."""
        self._store = store
        self._place = place
        self._clock = clock
        self._stopping = stopping
        self._heartbeat = heartbeat
        self._beat_at = time.monotonic()
        self._over = threading.Event()
        self.why: str | None = None  # paused, reset, deleted, expired, shutdown or replaced; None: it may go on

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look for as long as the block lasts."""
        thread = threading.Thread(target=self._look_again_and_again, name=f"watch-{self._place.run}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def look(self) -> None:
        """Stop the clock if the run has to end."""
        why = self._asked()
        if why is None and self._clock.now() - self._place.started_at > LONGEST_RUN:
            why = "expired"
        if why is None and self._stopping is not None and self._stopping.is_set():
            why = "shutdown"
        if why is None and not self._beat():
            why = "replaced"
        if why is not None:
            self.stop(why)

    def stop(self, why: str) -> None:
        """The run ends at its next call, record or wait."""
        self.why = why
        self._clock.stop()

    def _asked(self) -> str | None:
        place = self._place
        found = self._store.schedules.one("asked_to_stop", environment=place.environment, run=place.run)
        return None if found is None else found["stop"]

    def _beat(self) -> bool:
        """Show that the run lives, when it is time; False if another run took its place."""
        if time.monotonic() - self._beat_at < self._heartbeat:
            return True
        self._beat_at = time.monotonic()
        return self._store.runs.beat(self._place.environment, self._place.run, now=self._clock.now())

    def _look_again_and_again(self) -> None:
        while self.why is None and not self._over.wait(BETWEEN_LOOKS):
            try:
                self.look()
            except StoreError as error:  # the run meets it too, and says so
                _log.debug("run %s could not be looked after: %s", self._place.run, error.message)
