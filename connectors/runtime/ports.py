"""What a host lends to the runtime. The runtime declares it here and is handed it; it never fetches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from connectors.runtime.connection import Connection


class Clock(Protocol):
    """Time, so that a test can own it."""

    def now(self) -> float:
        """Unix time in seconds. Shared by all processes that share a store."""

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""


@dataclass(frozen=True)
class Limit:
    """How many calls may go in any window of that length."""

    calls: int  # at most this many
    window: float  # seconds
    assumed: bool = False  # True: the provider publishes none for this operation


@dataclass(frozen=True)
class Purse:
    """One counter of a budget. Two connections to one account share it, so it names no connection."""

    provider: str
    host: str
    group: str  # endpoint group of the definition's rate_limits, e.g. "documents"
    operation: str  # "read", "create", "update" or "delete"

    @property
    def key(self) -> str:
        """The purse as one text, for a primary key."""
        return "|".join((self.provider, self.host, self.group, self.operation))


@dataclass(frozen=True)
class Slot:
    """A call's place in a purse. `wait` 0: the call may go now, and `token` names the place it takes."""

    wait: float  # seconds until it is worth asking again; 0 = taken
    token: str = ""  # hand it to `settle`


class Budgets(Protocol):
    """The log of calls per purse, shared by all who share it."""

    def take(self, purse: Purse, limit: Limit, *, now: float, urgent: bool, at_most: float) -> Slot:
        """Take a place, or say how long to wait.

        `at_most` is the longest the call itself can last (seconds): a place that is never settled
        (a killed process) counts as completed then. An urgent caller that has to wait goes before
        callers that are not urgent.
        """

    def settle(self, purse: Purse, token: str, *, at: float) -> None:
        """The call of that place completed at this time (it counts from then)."""

    def close(self, purse: Purse, until: float) -> None:
        """No call goes before that time: the provider said so."""


@dataclass(frozen=True)
class Attempt:
    """One request that went out, and what came of it."""

    method: str
    url: str  # redacted
    status: int | None  # None: no answer
    seconds: float
    number: int  # 1 = first attempt of its call
    error: str | None = None  # code of the error, if it failed
    length: int | None = None  # bytes of the answer's body, if the provider said so


@dataclass(frozen=True)
class Waiting:
    """A pause that is about to begin."""

    seconds: float
    reason: str  # "budget", "retry" or "retry-after"
    limit: Limit | None = None  # with "budget": the limit that is spent


class Observer(Protocol):
    """Is told what a client does. Its methods may raise to stop the call (cancellation)."""

    def before(self, method: str, url: str) -> None:
        """A request is about to go out."""

    def after(self, attempt: Attempt) -> None:
        """A request went out."""

    def waiting(self, waiting: Waiting) -> None:
        """The client will pause; what is in hand should be saved now."""


class Tokens(Protocol):
    """Keeps the credentials of one connection usable. Thread safe."""

    def fresh(self, connection: Connection) -> Connection:
        """The connection as it is now, its credentials renewed first if they are about to expire.

        Asked before each attempt of a call. Raises TokenError if they cannot be renewed.
        """

    def renewed(self, refused: Connection) -> Connection:
        """The connection with other credentials than those that the provider just refused (401).

        `refused` itself if there are no others. Raises TokenError if renewing failed.
        """
