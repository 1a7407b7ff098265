"""The pytest plugin that comes with the package. It imports next to nothing until a fixture is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from connectors.testing.clock import FakeClock


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock for `Client(clock=…)`: it notes waits in `slept`, and nobody sleeps."""
    from connectors.testing.clock import FakeClock

    return FakeClock()


@pytest.fixture
def no_waiting() -> Iterator[FakeClock]:
    """Pacing and retries decide, but nobody sleeps: for clients that have no clock of their own."""
    from connectors.testing.clock import instant

    with instant() as clock:
        yield clock


@pytest.fixture
def cassette_rules() -> Callable[..., dict[str, Any]]:
    """The function that makes a `vcr_config` (`connectors.testing.cassette_rules`)."""
    from connectors.testing.cassettes import cassette_rules

    return cassette_rules
