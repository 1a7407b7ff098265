"""What a run of a sync costs in requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """A formula for people, and the same for programs."""

    formula: str  # requests of a run in short; N is the number of records
    calls: Callable[[int], Mapping[tuple[str, str], int]]
    # for so many records, at worst (all new, no shortcut): how many requests of each method and path
