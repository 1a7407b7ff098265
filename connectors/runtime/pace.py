"""Keeps a client inside the provider's budgets: waits before a call, and notes when it completed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.errors import BudgetExhausted, StoreError
from connectors.runtime.budget import Spending, classify
from connectors.runtime.catalog import Provider
from connectors.runtime.ports import Budgets, Clock, Limit, Observer, Purse, Waiting

SHORTEST_WAIT = 0.001  # seconds; a wait that rounding made zero would ask again without end


@dataclass(frozen=True)
class Place:
    """A call's place in its budget, or (without a purse) just its host."""

    host: str
    purse: Purse | None = None
    token: str = ""


@dataclass(frozen=True)
class Pace:
    """The budgets of one connection's provider, and how long this client is ready to wait for them."""

    provider: Provider
    metadata: Mapping[str, Any]
    budgets: Budgets
    clock: Clock
    observer: Observer | None
    urgent: bool  # True: goes before callers that are not urgent
    longest_wait: float  # seconds one call may wait for its budget
    longest_call: float  # seconds one call can last
    holds: Holds

    def enter(self, method: str, host: str, path: str, shown_url: str, *, foreign: bool = False) -> Place:
        """Take the call's place, waiting for it if need be. Hand the result to `leave`.

        `path` decides which budget is spent; `shown_url` (redacted) stands in messages. `foreign`:
        the host is not the provider's, so none of its budgets is.
        Raises BudgetExhausted (with `retry_after`) if the wait would be longer than this client
        is ready to wait.
        """
        spending = None if foreign else classify(self.provider, self.metadata, method, path)
        waited = 0.0
        while True:
            wait, place = self._ask(spending, host)
            if wait <= 0:
                return place
            wait = max(wait, SHORTEST_WAIT)
            if waited + wait > self.longest_wait:
                raise _exhausted(method, shown_url, spending, wait)
            if self.observer is not None:
                self.observer.waiting(Waiting(wait, "budget", spending.limit if spending else None))
            self.clock.sleep(wait)
            waited += wait

    def leave(self, place: Place) -> None:
        """The call completed, with whatever result. Where that cannot be noted, its place is free at its latest end."""
        if place.purse is None:
            return
        with suppress(StoreError):  # the answer is there, perhaps of a write; it must not be lost over this
            self.budgets.settle(place.purse, place.token, at=self.clock.now())

    def hold(self, place: Place, seconds: float) -> None:
        """The provider asked for a pause: no call of that budget (or to that host) goes before its end."""
        until = self.clock.now() + seconds
        if place.purse is None:
            self.holds.set(place.host, until)
            return
        with suppress(StoreError):
            self.budgets.close(place.purse, until)

    def _ask(self, spending: Spending | None, host: str) -> tuple[float, Place]:
        now = self.clock.now()
        if spending is None:
            return self.holds.get(host) - now, Place(host)
        purse = spending.purse(self.provider.name, host)
        slot = self.budgets.take(purse, spending.limit, now=now, urgent=self.urgent, at_most=self.longest_call)
        return slot.wait, Place(host, purse, slot.token)


class Holds:
    """Until when hosts without a budget asked to be left alone. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def get(self, host: str) -> float:
        """Unix time before which no call should go to that host."""
        with self._lock:
            return self._until.get(host, 0.0)

    def set(self, host: str, until: float) -> None:
        """No call before that time."""
        with self._lock:
            self._until[host] = max(until, self._until.get(host, 0.0))


def _exhausted(method: str, url: str, spending: Spending | None, wait: float) -> BudgetExhausted:
    seconds = max(1, round(wait))
    if spending is None:
        message = f"The provider asked for a pause; {seconds} seconds of it are left."
        return BudgetExhausted(message, method=method, url=url, retry_after=wait)
    limit: Limit = spending.limit
    kind = "assumed " if limit.assumed else ""
    budget = f"{limit.calls} {spending.operation} calls per {limit.window:g} s for {spending.group}"
    return BudgetExhausted(
        f"The {kind}budget of plan {spending.plan} ({budget}) is spent; free again in {seconds} seconds.",
        next_step=f"Try again in {seconds} seconds. If the account's plan allows more, set metadata.plan.",
        method=method,
        url=url,
        retry_after=wait,
    )
