"""How long a run takes at least, by its sync's formula and the provider's budgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.authoring import Sync
from connectors.runtime.budget import classify, plan_of
from connectors.runtime.catalog import Provider

USUAL = 5_000  # records; what is estimated for where nobody says otherwise


@dataclass(frozen=True)
class Estimate:
    """What a run costs at worst: everything is new, and no shortcut works."""

    items: int
    requests: int
    seconds: float  # of waiting for the budget, if nobody else spends it
    plan: str  # whose budgets these are

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return vars(self).copy()


def estimate(provider: Provider, metadata: Mapping[str, Any], sync: Sync, items: int = USUAL) -> Estimate | None:
    """The estimate for so many records on the connection's plan, or None for a sync without a formula."""
    if sync.cost is None:
        return None
    calls = sync.cost.calls(items)
    spent: Counter[tuple[str, str]] = Counter()
    limits = {}
    for (method, path), requests in calls.items():
        spending = classify(provider, metadata, method, path)
        if spending is not None:
            purse = (spending.group, spending.operation)
            spent[purse] += requests
            limits[purse] = spending.limit
    # A full budget goes at once, so only what comes after it has to wait for a window.
    waits = (max(0, spent[purse] - 1) // limit.calls * limit.window for purse, limit in limits.items())
    return Estimate(items, sum(calls.values()), float(sum(waits)), plan_of(provider, metadata))
