"""Threads for what blocks, in lanes: slow calls to providers cannot take those that answer `/health`.

Within the lane of calls to providers each connection has a share: one whose provider hangs fills
that and no more, and the calls of the others go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from anyio import CapacityLimiter, WouldBlock, fail_after, to_thread

from connectors.server.contract import Lane, Refusal

Result = TypeVar("Result")

LIMITS: Mapping[Lane, int] = {"upstream": 128, "store": 8, "rest": 16}  # threads at once
SHARE = 64  # of the lane "upstream", for one connection
PATIENCE = 60.0  # seconds that a request waits for a free thread


class Lanes:
    """The lanes of one event loop. What finds its lane full waits for a free thread, in order."""

    def __init__(self, limits: Mapping[Lane, int] = LIMITS, *, share: int = SHARE, patience: float = PATIENCE) -> None:
        self._limits = limits
        self._share = share
        self._patience = patience
        # All are made on the loop that uses them.
        self._lanes: dict[Lane, CapacityLimiter] = {}
        self._shares: dict[Hashable, CapacityLimiter] = {}  # of those that have something going on
        self._threads: CapacityLimiter | None = None

    async def run(self, lane: Lane, function: Callable[..., Result], *given: Any, of: Hashable = None) -> Result:
        """See `Threads`. Raises `Refusal` 503 where nothing becomes free in time."""
        if lane != "upstream" or of is None:
            return await self._in_lane(lane, function, *given)
        share = self._shares.get(of)
        if share is None:
            share = self._shares[of] = CapacityLimiter(self._share)
        await self._acquire(share)
        try:
            return await self._in_lane(lane, function, *given)
        finally:
            share.release()
            if not share.borrowed_tokens and not share.statistics().tasks_waiting:
                self._shares.pop(of, None)

    async def _in_lane(self, lane: Lane, function: Callable[..., Result], *given: Any) -> Result:
        limiter = self._lanes.get(lane)
        if limiter is None:
            limiter = self._lanes[lane] = CapacityLimiter(self._limits[lane])
            self._threads = self._threads or CapacityLimiter(math.inf)
        await self._acquire(limiter)
        try:
            return await to_thread.run_sync(function, *given, limiter=self._threads)
        finally:
            limiter.release()

    async def _acquire(self, limiter: CapacityLimiter) -> None:
        try:
            limiter.acquire_nowait()
        except WouldBlock:
            try:
                with fail_after(self._patience):
                    await limiter.acquire()
            except TimeoutError:
                message = "Too many calls that take long are under way. Try again in a moment."
                raise Refusal(503, "server_busy", message, headers={"Retry-After": "5"}) from None
