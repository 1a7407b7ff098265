"""What a connection's metadata may hold: a scope, and how long a document may stay checked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors import Problem
from connectors.paligo import checkouts, scope


def check(metadata: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with the metadata."""
    return [*scope.check(metadata), *checkouts.check(metadata)]
