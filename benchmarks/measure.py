"""Ours and its floor, measured in turns on the same machine in the same minute."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """The ratio to stay under."""

    ratio: float  # at most
    source: str  # where that comes from


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    name: str
    ours: float  # seconds for one of what is counted
    floor: float
    against: str  # what the floor is
    goal: Goal | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.floor


def best(*works: Callable[[], object], times: int, rounds: int) -> list[float]:
    """The best seconds of each work over the rounds, for one of `times` repetitions.

    The works take turns, so that whatever else the machine does meets all of them; the best round
    is the one that it met least.
    """
    found = [float("inf")] * len(works)
    for work in works:
        work()  # imports and caches are not what is measured
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for index, work in enumerate(works):
                found[index] = min(found[index], _seconds(work, times))
            gc.collect()
    finally:
        gc.enable()
    return found


def _seconds(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


class Stopwatch:
    """The best seconds of a piece of work that needs preparing before each round."""

    def __init__(self) -> None:
        self.best = float("inf")
        self._began = 0.0

    def __enter__(self) -> Stopwatch:
        gc.collect()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.best = min(self.best, time.perf_counter() - self._began)
