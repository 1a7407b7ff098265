"""Waiting for a job at the provider."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from connectors.errors import (
    BudgetExhausted,
    CallError,
    ConnectFailed,
    ConnectionLost,
    InputError,
    JobNeverEnded,
    ProviderError,
    RateLimited,
    TimedOut,
    UnexpectedAnswer,
)
from connectors.runtime.client import Client
from connectors.runtime.ports import Clock

_MOST_FAILURES = 5  # answers in a row that may be missing; each was already tried several times
_PASSING = (ProviderError, RateLimited, BudgetExhausted, TimedOut, ConnectionLost, ConnectFailed)


class Polling:
    """Asks again and again until an answer will do, or the time is up."""

    def __init__(self, client: Client, clock: Clock, log: logging.Logger, *, every: float, at_most: float) -> None:
        if every <= 0 or at_most < 0:
            raise InputError(f"polling needs a pause and a ceiling in seconds, not every {every} and at most {at_most}")
        self._client = client
        self._clock = clock
        self._log = log
        self._every = every
        self._at_most = at_most

    def run(
        self,
        path: str,
        until: Callable[[dict[str, Any]], bool],
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """The first answer that will do. Raises `JobNeverEnded` at the ceiling."""
        deadline = self._clock.now() + self._at_most
        last: dict[str, Any] | None = None
        failures = 0
        while True:
            try:
                last = self._ask(path)
            except _PASSING as error:
                failures += 1
                self._bear(error, failures)
            else:
                failures = 0
                if progress is not None:
                    progress(last)
                if until(last):
                    return last
            left = deadline - self._clock.now()
            if left <= 0:
                raise _never(path, self._at_most, last)
            self._clock.sleep(min(self._every, left))

    def _ask(self, path: str) -> dict[str, Any]:
        answer = self._client.get(path)
        value = answer.json()
        if not isinstance(value, dict):
            raise UnexpectedAnswer(
                f"GET {answer.request.url} was answered with a {type(value).__name__} instead of a job.",
                method="GET",
                url=answer.request.url,
                status=answer.status,
                excerpt=answer.excerpt,
            )
        return value

    def _bear(self, error: CallError, failures: int) -> None:
        if failures >= _MOST_FAILURES:
            raise error
        self._log.warning("the job goes on, but could not be asked for: %s", error.message)


def _never(path: str, at_most: float, last: dict[str, Any] | None) -> JobNeverEnded:
    minutes = at_most / 60
    return JobNeverEnded(f"The job at {path} did not end within {minutes:g} minutes.", last=last)
