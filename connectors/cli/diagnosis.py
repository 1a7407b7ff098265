"""One thing that `connectors doctor` has looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """What was found."""

    area: str
    name: str
    text: str
    problem: bool = False
    next_step: str | None = None
    warning: bool = False  # worth a look, and no problem
