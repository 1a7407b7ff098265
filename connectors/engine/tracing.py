"""Spans for whoever has OpenTelemetry installed and set up; otherwise nothing at all.

Names and attributes are ours: no address, body, credential or name of a customer is in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[None]:
    """A span over the block, such as `sync` with `provider` and `sync`; an error that leaves it is recorded."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    given = {f"connectors.{key}": value for key, value in attributes.items()}
    with tracer.start_as_current_span(name, attributes=given, record_exception=False):
        yield


@cache
def _tracer() -> Any:
    """The tracer that the process has set up; None if OpenTelemetry is not installed."""
    if find_spec("opentelemetry") is None:
        return None
    return import_module("opentelemetry.trace").get_tracer("connectors")
