"""Calls of actions whose caller does not wait: remembered, made one after the other, fetched later."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.engine.action_failures import failure_of, interrupted
from connectors.engine.invoke import invoke
from connectors.engine.leases import owner
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.action_calls import ClaimedCall

CLAIM = 60.0  # seconds that a call belongs to a process which says nothing
MOST_RETRIES = 5  # further attempts that a caller may ask for
LONGEST = 900.0  # seconds that an action may take
PATIENCE = 900.0  # seconds that a request of such a call waits for the rate budget
_FIRST_PAUSE = 3.0  # seconds before the first further attempt; doubled each time


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    ok: bool
    answer: Any  # the output; or the failure, as `failure_of` gives it


class ActionCalls:
    """The calls of a host's environments. In each environment one is made at a time, the oldest first."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._claim = f"{owner()}:{uuid.uuid4().hex[:12]}"
        self._listeners: list[Callable[[], None]] = []
        self._ended: list[Callable[[str, str], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called when a call was added in this process. Returns what ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def when_ended(self, told: Callable[[str, str], None]) -> None:
        """Have a function called with environment and id when this process has ended a call."""
        self._ended.append(told)

    def add(
        self,
        environment: str,
        connection_id: str,
        action_name: str,
        given: Any,
        *,
        integration: str | None = None,
        retries: int = 0,
    ) -> str:
        """Remember a call; its id. Nothing is made yet.

        `retries`: further attempts if it fails, up to 5. Raises `UnknownConnection` and `UnknownFunction`.
        """
        stored = self._host.connections.get(environment, connection_id, integration)
        action = self._host.registry.action(stored.provider, action_name)
        id_ = str(uuid.uuid4())
        self._host.store.action_calls.add(
            environment,
            id_,
            stored.key,
            action.name,
            given,
            retries=min(retries, MOST_RETRIES),
            now=self._host.clock.now(),
        )
        for listener in tuple(self._listeners):
            listener()
        return id_

    def result(self, environment: str, id: str) -> Ended | None:
        """How a call ended; None for one that has not, and for an id that there is not."""
        found = self._host.store.action_calls.answer(environment, id)
        return None if found is None else Ended(found[0] == "success", found[1])

    def next_at(self) -> float | None:
        """When the next call may be made, in Unix seconds."""
        return self._host.store.action_calls.next_at()

    def make_next(self) -> bool:
        """Make the next call there is, to its end; False if there is none now. Never raises for what it can meet."""
        rows, now = self._host.store.action_calls, self._host.clock.now()
        for environment, id_ in rows.end_dead(interrupted(), now=now):
            self._tell(environment, id_)
        call = rows.claim(self._claim, now=now, until=now + CLAIM)
        if call is None:
            return False
        with self._kept(call):
            self._make(call)
        return True

    def _make(self, call: ClaimedCall) -> None:
        rows = self._host.store.action_calls
        try:
            result = invoke(
                self._host,
                call.environment,
                call.connection_id,
                call.action,
                call.given,
                integration=call.integration,
                longest_wait=PATIENCE,
                at_most=LONGEST,
            )
        except ConnectorError as error:
            if call.retries > 0 and failure_of(error)["status"] != 400:
                pause = _FIRST_PAUSE * 2**call.failures
                rows.repeat(call, due_at=self._host.clock.now() + pause)
                return
            ended = rows.end(call, state="failed", answer=failure_of(error), now=self._host.clock.now())
        else:
            ended = rows.end(call, state="success", answer=result.output, now=self._host.clock.now())
        if ended:
            self._tell(call.environment, call.id)

    def _tell(self, environment: str, id: str) -> None:
        for told in tuple(self._ended):
            told(environment, id)

    @contextmanager
    def _kept(self, call: ClaimedCall) -> Iterator[None]:
        """Prolong the claim while the block runs."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(CLAIM / 4):
                self._host.store.action_calls.keep(call, until=self._host.clock.now() + CLAIM)

        thread = threading.Thread(target=keep, name=f"action call {call.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
