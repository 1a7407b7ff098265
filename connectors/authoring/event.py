"""What a provider tells about a customer's account without being asked: webhook events as data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """One event. It asks for a sync, and for ids in it where it names them; its data is not a record."""

    kind: str  # the provider's own name of the event
    sync: str | None = None  # the sync that it asks for; None: an event that nothing is known about
    ids: frozenset[str] = frozenset()  # records of that sync; empty: the event names none, so the whole sync
    key: str = ""  # two events with the same key within `window` are one
    window: float = 0.0  # seconds
    data: Mapping[str, Any] = field(default_factory=dict)  # as it was received

    def to_dict(self) -> dict[str, Any]:
        """The event as plain data."""
        return {
            "kind": self.kind,
            "sync": self.sync,
            "ids": sorted(self.ids),
            "key": self.key,
            "window": self.window,
            "data": dict(self.data),
        }


def event_key(*parts: Any) -> str:
    """A key that is the same for the same parts, whatever the order of the names in them."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
