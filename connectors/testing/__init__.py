"""For the tests of connectors, ours and yours: a clock that nobody waits for, and rules for cassettes.

The package is a pytest plugin as well; see `connectors.testing.plugin` for its fixtures.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.testing.cassettes import cassette_rules
    from connectors.testing.clock import FakeClock, instant

__all__ = ["FakeClock", "cassette_rules", "instant"]

_HOMES = {
    "FakeClock": "connectors.testing.clock",
    "cassette_rules": "connectors.testing.cassettes",
    "instant": "connectors.testing.clock",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
