"""Numbers for a monitor, in the text format of Prometheus: what this process counted, and what the store holds."""

from __future__ import annotations

import resource
import sys
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.engine.store.queries import queries

if TYPE_CHECKING:
    from connectors.engine.host import Host

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SQL = queries("counts")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
# What the store is asked for: query → name, the label of its groups, and what it is.
_HELD = {
    "connections": ("connectors_connections", "provider", "Connections."),
    "schedules": ("connectors_schedules", "state", "Schedules."),
    "schedules_overdue": ("connectors_schedules_overdue", "", "Schedules that are due and not taken."),
    "runs_running": ("connectors_runs_running", "", "Runs of syncs that go on."),
    "deliveries_waiting": ("connectors_webhooks_waiting", "", "Webhooks that wait to be sent."),
    "connection_errors": ("connectors_connection_errors", "kind", "Connections that have an error."),
    "calls_waiting": ("connectors_action_calls_waiting", "", "Calls of actions that wait or go on."),
}
# What this process counts: name → what it is.
_COUNTED = {
    "connectors_http_requests_total": "Requests that were answered.",
    "connectors_runs_total": "Runs of syncs that ended.",
    "connectors_records_total": "Records that runs changed.",
    "connectors_provider_requests_total": "Requests that runs sent to providers.",
    "connectors_webhooks_total": "Attempts to send a webhook.",
    "connectors_events_total": "Events that providers sent.",
    "connectors_token_renewals_total": "Renewals of credentials.",
}
_DURATION = "connectors_http_request_duration_seconds"

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """What one process counts. Label values come from us: no name of a customer is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._buckets: dict[Labels, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS) + 1))
        self._seconds: dict[Labels, float] = defaultdict(float)
        self._began = time.time()

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Add to a counter of `_COUNTED`."""
        with self._lock:
            self._counts[name][tuple(sorted(labels.items()))] += amount

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """A request was answered; `endpoint` is its declared path."""
        self.count("connectors_http_requests_total", endpoint=endpoint, status=str(status))
        labels = (("endpoint", endpoint),)
        with self._lock:
            self._buckets[labels][bisect_left(_BUCKETS, seconds)] += 1
            self._seconds[labels] += seconds

    def text(self, host: Host) -> str:
        """Everything, as a monitor reads it."""
        return "\n".join([*self._process(), *self._counters(), *self._durations(), *_held(host)]) + "\n"

    def _process(self) -> Iterator[str]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        yield from _head("process_start_time_seconds", "gauge", "When the process began, in Unix seconds.")
        yield f"process_start_time_seconds {self._began:.3f}"
        yield from _head("process_cpu_seconds_total", "counter", "CPU time.")
        yield f"process_cpu_seconds_total {usage.ru_utime + usage.ru_stime:.3f}"
        yield from _head("process_resident_memory_bytes", "gauge", "Memory in use.")
        yield f"process_resident_memory_bytes {_resident(usage.ru_maxrss)}"

    def _counters(self) -> Iterator[str]:
        with self._lock:
            counted = {name: dict(values) for name, values in self._counts.items()}
        for name, says in _COUNTED.items():
            yield from _head(name, "counter", says)
            for labels, value in sorted(counted.get(name, {}).items()):
                yield f"{name}{_shown(labels)} {value:g}" if value % 1 else f"{name}{_shown(labels)} {int(value)}"

    def _durations(self) -> Iterator[str]:
        with self._lock:
            buckets = {labels: list(counts) for labels, counts in self._buckets.items()}
            seconds = dict(self._seconds)
        yield from _head(_DURATION, "histogram", "How long requests took.")
        for labels, counts in sorted(buckets.items()):
            total = 0
            for bound, count in zip((*_BUCKETS, None), counts, strict=True):
                total += count
                le = "+Inf" if bound is None else f"{bound:g}"
                yield f"{_DURATION}_bucket{_shown((*labels, ('le', le)))} {total}"
            yield f"{_DURATION}_sum{_shown(labels)} {seconds[labels]:.6f}"
            yield f"{_DURATION}_count{_shown(labels)} {total}"


def _held(host: Host) -> Iterator[str]:
    now = host.clock.now()
    with host.store.database.reading() as session:
        for query, (name, label, says) in _HELD.items():
            yield from _head(name, "gauge", says)
            given: Mapping[str, float] = {"now": now} if query == "schedules_overdue" else {}
            for row in session.execute(_SQL[query], given).fetchall():
                yield f"{name}{_shown(((label, row['label']),) if label else ())} {row['count']}"


def _head(name: str, kind: str, says: str) -> tuple[str, str]:
    return f"# HELP {name} {says}", f"# TYPE {name} {kind}"


def _shown(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = [(name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, value in labels]
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"


def _resident(most: int) -> int:
    """Bytes in use now where the system tells, else the most there were."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return most if sys.platform == "darwin" else most * 1024
