"""Spans for OpenTelemetry, where that is installed: one per request, named after its endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any

Span = Callable[[str, Mapping[str, str], Mapping[str, str]], AbstractContextManager[Callable[[int], None]]]


def tracer() -> Span:
    """What opens a span: it takes a name, attributes and the request's headers, and gives what is told the status.

    It does nothing where `opentelemetry-api` is not installed. Where spans go, OpenTelemetry's own
    variables say. No path and no query is in them: these may hold ids and tokens.
    """
    try:
        trace, propagate = import_module("opentelemetry.trace"), import_module("opentelemetry.propagate")
    except ImportError:
        return _nothing
    found = trace.get_tracer("connectors.server")

    @contextmanager
    def span(name: str, attributes: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Callable[[int], None]]:
        given = {"context": propagate.extract(headers), "kind": trace.SpanKind.SERVER, "attributes": dict(attributes)}
        with found.start_as_current_span(name, **given, record_exception=False) as opened:
            yield lambda status: _note(trace, opened, status)

    return span


def _note(trace: Any, span: Any, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(trace.Status(trace.StatusCode.ERROR))


@contextmanager
def _nothing(name: str, attributes: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Callable[[int], None]]:
    del name, attributes, headers
    yield lambda _: None
