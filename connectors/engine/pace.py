"""What a run spends: requests, waiting, and what the same calls take on each plan."""

from __future__ import annotations

import shlex
import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.engine.cancellation import StoppableClock
from connectors.runtime.budget import classify
from connectors.runtime.ports import Attempt, Waiting

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider
    from connectors.runtime.connection import Connection

BUDGET = "budget"
_WORTH_SAYING = 1.0  # seconds of waiting
TOO_MANY = 429


class Pace:
    """The observer of a run's client. Thread safe."""

    def __init__(self, provider: Provider, clock: StoppableClock, before_wait: Callable[[Waiting], None]) -> None:
        self._provider = provider
        self._clock = clock
        self._before_wait = before_wait
        self._lock = threading.Lock()
        self._plans = [str(plan) for plan in (provider.rate_limits or {}).get("plans", ())]
        self._spent: Counter[tuple[str, str]] = Counter()  # (group, operation) → requests that went out
        self._example: dict[tuple[str, str], tuple[str, str]] = {}  # … → method and path of one of them
        self.requests = 0
        self.refused = 0  # answers 429
        self._waited = 0.0
        self._waiting_until = 0.0

    @property
    def waited(self) -> float:
        """Seconds spent on the budget until now; several threads may wait for the same one, the longest counts."""
        return max(0.0, self._waited - max(0.0, self._waiting_until - self._clock.now()))

    def before(self, method: str, url: str) -> None:
        """Raises `RunStopped` when the run was stopped."""
        del method, url
        self._clock.check()

    def after(self, attempt: Attempt) -> None:
        """Count it."""
        with self._lock:
            self.requests += 1
            self.refused += attempt.status == TOO_MANY
            if self._plans:
                self._spend(attempt.method, urlsplit(attempt.url).path)

    def waiting(self, waiting: Waiting) -> None:
        """Count the time that is spent on the budget, and let the run save what it has."""
        if waiting.reason == BUDGET:
            with self._lock:
                now = self._clock.now()
                until = max(self._waiting_until, now + waiting.seconds)
                self._waited += until - max(self._waiting_until, now)
                self._waiting_until = until
        self._before_wait(waiting)

    def estimates(self) -> dict[str, float]:
        """Seconds that the budget of each plan alone would make the same calls take."""
        return {plan: max((self._floor(plan, purse) for purse in self._spent), default=0.0) for plan in self._plans}

    def _spend(self, method: str, path: str) -> None:
        spending = classify(self._provider, {"plan": self._plans[0]}, method, path)
        if spending is not None:
            purse = (spending.group, spending.operation)
            self._spent[purse] += 1
            self._example.setdefault(purse, (method, path))

    def _floor(self, plan: str, purse: tuple[str, str]) -> float:
        spending = classify(self._provider, {"plan": plan}, *self._example[purse])
        return 0.0 if spending is None else (self._spent[purse] - 1) // spending.limit.calls * spending.limit.window


def advice_on_pace(connection: Connection, waited: float, refused: int) -> str | None:
    """How to go faster: after a wait for the budget of a plan that nobody chose, or `refused` answers 429."""
    rates = connection.provider.rate_limits or {}
    chosen = connection.metadata.get("plan")
    plan = chosen or rates.get("plan")
    others = [str(name) for name in rates.get("plans", ()) if name != plan]
    if not others or not (refused or (waited >= _WORTH_SAYING and not chosen)):
        return None
    choice = " or ".join(name.capitalize() for name in others)
    step = (
        f"if this account is {choice}, set plan: "
        f"connectors connections set {shlex.quote(connection.id)} --metadata plan={others[0]}"
    )
    if refused:
        name = connection.provider.display_name
        return f"{name} asked {refused} times to slow down (429) in spite of plan {plan}; {step}"
    return f"waited {waited:.0f} s for the {plan} budget; {step}"
