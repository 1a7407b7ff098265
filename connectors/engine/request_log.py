"""The request log: which requests went out for a run, an action or a proxied call, and what came of each.

A request is noted in memory and written a moment later together with others, by a thread of its own
or when its run ends, so that nothing waits for it. What cannot be written is left out: the log is
there to look at, and no work fails because of it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from connectors.engine.store.database import BrokenRule
from connectors.errors import StoreError
from connectors.runtime.ports import Attempt, Observer, Waiting
from connectors.runtime.redact import MASK

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

FIRST, NEWEST = 200, 200  # requests of a run that are kept
OF_CONNECTION = 1000  # requests of a connection outside of runs that are kept
_PAUSE = 1.0  # seconds between a request and when it is written
_MOST_NOTED = 5000  # requests that wait to be written; what comes beyond is left out
_LONGEST_URL = 2000  # characters
# A value in a query that gives access whoever gave it: a signed link to a file, the key of another service.
_SECRET_PARAM = re.compile(
    r"(?P<name>[?&;#](?:(?:key|sig|code|sas|hmac)|[^=&;#]*(?:auth|token|secret|passw|pwd|cookie|signature|credential"
    r"|session|jwt|assertion|(?:api|access|private|subscription)[_-]?key)[^=&;#]*)=)[^&;#]+",
    re.IGNORECASE,
)
Kind = Literal["sync", "action", "proxy"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoggedRequest:
    """A request that went out, and what came of it."""

    kind: Kind
    name: str  # of the sync or the action; empty for a proxied call
    number: int  # its place among the requests of its run or action, from 1; a gap: those in between are not kept
    method: str
    url: str  # without secrets
    attempt: int  # 1: the first of its call
    status: int | None  # None: there was no answer
    error: str | None  # code of the error, if there was no answer
    at: float  # when it went out, in Unix seconds
    seconds: float  # until the head of the answer was there
    bytes: int | None  # of the answer's body; None where the provider did not say


class RequestLog:
    """The requests of a host's connections. Thread safe."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._noted: list[dict[str, Any]] = []
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def observe(
        self, stored: StoredConnection, observer: Observer | None, *, kind: Kind, name: str = "", run: int | None = None
    ) -> Observer:
        """An observer that notes each request that goes out, and tells `observer` what it is told.

        `run` is the number of a sync's run.
        """
        of = {"environment": stored.environment, "connection": stored.key, "run": run, "kind": kind, "name": name}
        return _Noting(self, of, observer)

    def of_run(self, environment: str, run: int) -> list[LoggedRequest]:
        """The requests of a run in the order in which they ended; of a long run the first and the newest.

        Raises `UnknownRun`.
        """
        self._host.store.runs.get(environment, run)
        return [LoggedRequest(**row) for row in self._host.store.requests.of_run(environment, run)]

    def of_connection(
        self, environment: str, connection_id: str, integration: str | None = None, *, limit: int = 100
    ) -> list[LoggedRequest]:
        """The newest requests of a connection, the newest first: of runs, actions and proxied calls.

        Raises `UnknownConnection`.
        """
        stored = self._host.connections.get(environment, connection_id, integration)
        rows = self._host.store.requests.of_connection(environment, stored.key, limit=limit)
        return [LoggedRequest(**row) for row in rows]

    def note(self, of: Mapping[str, Any], number: int, attempt: Attempt) -> None:
        """Take a request to be written in a moment."""
        row = {
            **of,
            "number": number,
            "method": attempt.method,
            "url": without_secret_params(attempt.url)[:_LONGEST_URL],
            "attempt": attempt.number,
            "status": attempt.status,
            "error": attempt.error,
            "at": self._host.clock.now() - attempt.seconds,
            "seconds": attempt.seconds,
            "bytes": attempt.length,
        }
        with self._lock:
            if len(self._noted) < _MOST_NOTED:
                self._noted.append(row)
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._write_now_and_then, name="request log", daemon=True)
                self._thread.start()
        self._wake.set()

    def flush(self) -> None:
        """Write what was noted."""
        with self._writing:  # whoever comes second returns when it is written
            with self._lock:
                noted, self._noted = self._noted, []
            groups: dict[tuple[int, int | None], list[Mapping[str, Any]]] = {}
            for row in noted:
                groups.setdefault((row["connection"], row["run"]), []).append(row)
            for rows in groups.values():
                self._write(rows)

    def close(self) -> None:
        """Write what is left, and end."""
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._host.store.requests.add(rows, first=FIRST, newest=NEWEST, of_connection=OF_CONNECTION)
        except (StoreError, BrokenRule) as error:  # with BrokenRule, run or connection were deleted meanwhile
            _log.debug("%d requests could not be written down: %s", len(rows), error)

    def _write_now_and_then(self) -> None:
        while not self._over.is_set():
            self._wake.wait()
            self._wake.clear()
            self._over.wait(_PAUSE)
            self.flush()


class _Noting:
    """Notes the requests of one client."""

    def __init__(self, log: RequestLog, of: Mapping[str, Any], observer: Observer | None) -> None:
        self._log = log
        self._of = of
        self._observer = observer
        self._lock = threading.Lock()
        self._number = 0

    def before(self, method: str, url: str) -> None:
        """Pass it on."""
        if self._observer is not None:
            self._observer.before(method, url)

    def after(self, attempt: Attempt) -> None:
        """Note it."""
        with self._lock:
            self._number += 1
            self._log.note(self._of, self._number, attempt)
        if self._observer is not None:
            self._observer.after(attempt)

    def waiting(self, waiting: Waiting) -> None:
        """Pass it on."""
        if self._observer is not None:
            self._observer.waiting(waiting)


def without_secret_params(url: str) -> str:
    """The address with what its query calls a key, a token, a signature and the like masked."""
    return _SECRET_PARAM.sub(rf"\g<name>{MASK}", url)


def left_out(found: Sequence[LoggedRequest]) -> int:
    """How many requests of a run are not kept, from those that `RequestLog.of_run` gave."""
    return found[-1].number - len(found) if found else 0
