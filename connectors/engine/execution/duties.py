"""What one process at a time does regularly, each thing in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from connectors.engine.execution.protocol import Duty
from connectors.errors import ConnectorError

_log = logging.getLogger(__name__)


class Duties:
    """Duties that are done until they are stopped. `may` says each time whether it is this process's turn."""

    def __init__(self, may: Callable[[], bool]) -> None:
        self._may = may
        self._duties: list[tuple[Duty, threading.Event]] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def add(self, duty: Duty) -> Callable[[], None]:
        """One more; returns what has it done at once. Those added after `start` are not done."""
        wake = threading.Event()
        self._duties.append((duty, wake))
        return wake.set

    def start(self) -> None:
        """Begin."""
        for duty, wake in self._duties:
            thread = threading.Thread(target=self._keep_doing, args=(duty, wake), name=f"duty {duty.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, at_most: float) -> None:
        """End, after what is being done."""
        self._over.set()
        for _, wake in self._duties:
            wake.set()
        for thread in self._threads:
            thread.join(at_most)

    def _keep_doing(self, duty: Duty, wake: threading.Event) -> None:
        while not self._over.is_set():
            try:
                if self._may():
                    duty.do()
            except ConnectorError as error:  # the next time may go better
                _log.warning("%s: %s", duty.name, error.message)
            except Exception:  # noqa: BLE001 - one failure must not end a duty for good
                _log.exception("%s", duty.name)
            wake.wait(duty.seconds)
            wake.clear()
