"""Which sync of a connection is meant, and which variant of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import InputError

BASE = "base"  # the variant that everybody has


@dataclass(frozen=True)
class SyncName:
    """Which sync is meant, and which variant of it."""

    name: str
    variant: str = BASE

    @classmethod
    def of(cls, given: str | Mapping[str, Any]) -> SyncName:
        """From `name`, `name::variant` or `{"name", "variant"}`. Raises `InputError` for anything else."""
        if isinstance(given, str):
            name, _, variant = given.partition("::")
        else:
            name, variant = given.get("name", ""), given.get("variant") or BASE
        if not (isinstance(name, str) and isinstance(variant, str) and name):
            raise InputError("a sync is named by a text, or by a name and a variant")
        return cls(name, variant or BASE)


def sync_names(given: Iterable[str | Mapping[str, Any]]) -> list[SyncName]:
    """The syncs of a command's body. Raises `InputError`."""
    return [SyncName.of(each) for each in given]
