"""How many calls a provider allows: which budget a call spends, when the next one may go.

A definition's `rate_limits` (our extension, docs/compatibility.md) gives figures per endpoint
group, operation and plan. `classify` finds the figure of one call, `wait_for` decides, and
`MemoryBudgets` remembers for a client without a store. Nothing here sleeps or sends.
"""

from __future__ import annotations

import math
import threading
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from connectors.errors import ConfigError, DefinitionError, Problem
from connectors.runtime.ports import Limit, Purse, Slot

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider

NO_BUDGET = "none"  # a connection's metadata.plan that switches its budget off
OTHER = "other"  # the group of every path that no group names
READ = "read"
ASK_AGAIN = 1.0  # seconds; a place that a running call holds may be free sooner than its latest end says
GRACE = 0.5  # seconds for which a place stays kept for an urgent caller who is about to ask again
_SKEW = 30.0  # seconds that a caller's time may lag behind another's
_OPERATIONS: Mapping[str, str] = {
    "GET": READ,
    "HEAD": READ,
    "OPTIONS": READ,
    "PROPFIND": READ,
    "REPORT": READ,
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}


@dataclass(frozen=True)
class Spending:
    """What one call spends."""

    group: str  # endpoint group of rate_limits, or "other"
    operation: str  # "read", "create", "update" or "delete"
    limit: Limit
    plan: str  # the plan whose figures these are

    def purse(self, provider: str, host: str) -> Purse:
        """The counter that this call is taken from."""
        return Purse(provider=provider, host=host, group=self.group, operation=self.operation)


def classify(provider: Provider, metadata: Mapping[str, Any], method: str, path: str) -> Spending | None:
    """The budget that a call spends, or None if it spends none.

    `path` is the path of the request's URL. None: the definition has no `rate_limits`, the
    connection's `metadata.plan` is "none", or there is neither a published nor an assumed figure.
    Raises ConfigError for a plan that the definition does not know.
    """
    rates = provider.rate_limits
    if not rates:
        return None
    plan = plan_of(provider, metadata)
    if plan == NO_BUDGET:
        return None
    group, entry = _group_of(provider, rates, path)
    operation = _operation(provider, rates, entry, method)
    published = _figure(entry.get(operation), plan)
    calls = published if published is not None else _assumed(provider, rates, operation, plan)
    if calls is None:
        return None
    if calls < 1 or calls != int(calls):
        raise DefinitionError(f"{provider.name}: rate_limits of {group} {operation} must be a whole number from 1.")
    limit = Limit(int(calls), _window(provider, rates), assumed=published is None)
    return Spending(group, operation, limit, plan)


def is_read(provider: Provider, method: str, path: str) -> bool:
    """Whether a call only reads: by its method, or because the definition says so (a search by POST)."""
    if _OPERATIONS.get(method.upper()) == READ:
        return True
    rates = provider.rate_limits or {}
    entry = _group_of(provider, rates, path)[1]
    return _operation(provider, rates, entry, method) == READ


def plan_of(provider: Provider, metadata: Mapping[str, Any]) -> str:
    """The plan whose figures count: the connection's `metadata.plan`, else the definition's.

    Raises ConfigError, with the choices, for a plan that the definition does not know.
    """
    rates = provider.rate_limits
    if not rates:
        return NO_BUDGET
    plans = [str(name) for name in rates.get("plans", ())]
    given = metadata.get("plan")
    if given in (None, ""):
        return str(rates.get("plan") or (plans[0] if plans else NO_BUDGET))
    if isinstance(given, str) and (given == NO_BUDGET or given in plans):
        return given
    choices = ", ".join([*plans, NO_BUDGET])
    problem = Problem("metadata", "plan", "Plan", f"must be one of: {choices}")
    raise ConfigError(problems=[problem], next_step="Set metadata.plan to one of the names above, or leave it out.")


def wait_for(log: Sequence[float], limit: Limit, now: float) -> float:
    """Seconds until one more call may go; 0 = now.

    `log` holds the completion times of earlier calls, ascending; a call that still runs stands in
    it with its latest possible end. The answer keeps every window of `limit.window` seconds at or
    under `limit.calls`, because the provider saw a call no later than it completed.
    """
    if len(log) < limit.calls:
        return 0.0
    return max(0.0, log[-limit.calls] + limit.window - now)


@dataclass
class _Counter:
    """One purse in memory."""

    settled: list[float] = field(default_factory=list)  # completion times, ascending
    running: dict[str, float] = field(default_factory=dict)  # token → latest possible end
    closed_until: float = 0.0
    claims: list[float] = field(default_factory=list)  # when each waiting urgent caller asks again


class MemoryBudgets:
    """Budgets of one process, for a client without a store. Implements `ports.Budgets`; thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[Purse, _Counter] = {}
        self._numbers = count(1)

    def take(self, purse: Purse, limit: Limit, *, now: float, urgent: bool, at_most: float) -> Slot:
        """Take a place, or say how long to wait (see `ports.Budgets.take`)."""
        with self._lock:
            counter = self._counters.setdefault(purse, _Counter())
            self._forget(counter, limit, now, at_most)
            kept_since = now if urgent else now - GRACE
            counter.claims = [due for due in counter.claims if due > kept_since]
            wait = self._wait(counter, limit, now, ahead=0 if urgent else len(counter.claims))
            if wait > 0:
                if urgent:
                    counter.claims.append(now + wait)
                return Slot(wait)
            token = str(next(self._numbers))
            counter.running[token] = now + at_most
            return Slot(0.0, token)

    def settle(self, purse: Purse, token: str, *, at: float) -> None:
        """The call of that place completed at this time. A token settled before changes nothing."""
        with self._lock:
            counter = self._counters.setdefault(purse, _Counter())
            if counter.running.pop(token, None) is not None:
                insort(counter.settled, at)

    def close(self, purse: Purse, until: float) -> None:
        """No call goes before that time."""
        with self._lock:
            counter = self._counters.setdefault(purse, _Counter())
            counter.closed_until = max(counter.closed_until, until)

    @staticmethod
    def _forget(counter: _Counter, limit: Limit, now: float, at_most: float) -> None:
        if max(counter.settled[-1:], default=now) > now + _SKEW:
            # The clock was set back; times ahead of it count as now, and nothing is closed or claimed any more.
            counter.settled = [min(at, now) for at in counter.settled]
            counter.running = {token: min(end, now + at_most) for token, end in counter.running.items()}
            counter.closed_until, counter.claims = min(counter.closed_until, now), []
        ended = [token for token, end in counter.running.items() if end <= now]
        for token in ended:
            insort(counter.settled, counter.running.pop(token))
        while counter.settled and counter.settled[0] <= now - limit.window:
            counter.settled.pop(0)

    @staticmethod
    def _wait(counter: _Counter, limit: Limit, now: float, *, ahead: int) -> float:
        """`ahead` places are spoken for by urgent callers who wait already."""
        closed = counter.closed_until - now
        if closed > 0:
            return closed
        if len(counter.settled) + len(counter.running) + ahead < limit.calls:
            return 0.0
        log = sorted([*counter.settled, *counter.running.values(), *[now] * ahead])
        wait = wait_for(log, limit, now)
        return min(wait, ASK_AGAIN) if counter.running or ahead else wait


def _group_of(provider: Provider, rates: Mapping[str, Any], path: str) -> tuple[str, Mapping[str, Any]]:
    """The group whose path stands at the front of this one, whole segments, the longest first."""
    wanted = _segments(path)
    found: tuple[int, str, Mapping[str, Any]] = (-1, OTHER, {})
    for name in _mapping(provider, rates, "groups"):
        entry = _mapping(provider, rates["groups"], name)
        segments = _segments(str(entry.get("path", "")))
        if segments and wanted[: len(segments)] == segments and len(segments) > found[0]:
            found = (len(segments), str(name), entry)
    return found[1], found[2]


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _operation(provider: Provider, rates: Mapping[str, Any], entry: Mapping[str, Any], method: str) -> str:
    name = method.upper()
    own, common = _mapping(provider, entry, "operations"), _mapping(provider, rates, "operations")
    for operations in (own, common, _OPERATIONS):
        if name in operations:
            return str(operations[name])
    return "update"


def _assumed(provider: Provider, rates: Mapping[str, Any], operation: str, plan: str) -> float | None:
    assumed = _mapping(provider, rates, "assumed")
    figure = _figure(assumed.get(operation), plan)
    if figure is None and operation != READ:
        figure = _figure(assumed.get("update"), plan)
    return figure


def _window(provider: Provider, rates: Mapping[str, Any]) -> float:
    window = rates.get("window", 60)
    if isinstance(window, bool) or not isinstance(window, (int, float)) or not 0 < window < math.inf:
        raise DefinitionError(f"{provider.name}: rate_limits.window must be a number of seconds above 0.")
    return float(window)


def _mapping(provider: Provider, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise DefinitionError(f"{provider.name}: {key} in rate_limits must be a mapping.")
    return value or {}


def _figure(entry: Any, plan: str) -> float | None:
    """A figure per plan, or one number for all plans."""
    value = entry.get(plan) if isinstance(entry, Mapping) else entry
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value
