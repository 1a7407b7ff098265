"""Spans: none without OpenTelemetry, and nothing of a customer in those that there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.engine import tracing
from tests.engine.conftest import Toy


class Tracer:
    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, Any]]] = []

    @contextmanager
    def start_as_current_span(self, name: str, *, attributes: dict[str, Any], **options: Any) -> Iterator[None]:
        self.spans.append((name, attributes))
        yield


def test_a_run_is_a_span_without_the_customers_name(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = Tracer()
    monkeypatch.setattr(tracing, "_tracer", lambda: tracer)
    toy.fill(1)
    toy.run()
    ((name, attributes),) = tracer.spans
    assert name == "sync"
    assert attributes == {
        "connectors.provider": "toy",
        "connectors.sync": "things",
        "connectors.variant": "base",
        "connectors.trigger": "library",
    }
    assert "acme" not in str(tracer.spans)


def test_without_opentelemetry_nothing_is_done(toy: Toy) -> None:
    with tracing.span("anything", number=1):
        pass
