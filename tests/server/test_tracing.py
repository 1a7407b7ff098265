"""OpenTelemetry, where it is installed: a span per request, joined to the caller's trace; without it, nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from connectors.server.tracing import tracer


def test_without_opentelemetry_a_span_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with tracer()("GET /health", {}, {}) as told:
        told(200)


class Span:
    def __init__(self, name: str, **given: Any) -> None:
        self.name, self.given, self.said = name, given, {}

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        self.said["ended"] = True

    def set_attribute(self, name: str, value: Any) -> None:
        self.said[name] = value

    def set_status(self, status: Any) -> None:
        self.said["status"] = status


@pytest.mark.skipif(find_spec("opentelemetry") is not None, reason="the real one is installed")
def test_with_it_a_span_says_endpoint_status_and_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[Span] = []

    def started(name: str, **given: Any) -> Span:
        spans.append(Span(name, **given))
        return spans[-1]

    package, trace, propagate = (ModuleType(name) for name in ("o", "o.trace", "o.propagate"))
    named: Any = trace
    named.get_tracer = lambda _: SimpleNamespace(start_as_current_span=started)
    named.SpanKind = SimpleNamespace(SERVER="server")
    named.StatusCode = SimpleNamespace(ERROR="error")
    named.Status = lambda code: code
    propagate.extract = lambda headers: headers["traceparent"]  # type: ignore[attr-defined]
    for name, module in (("", package), (".trace", trace), (".propagate", propagate)):
        monkeypatch.setitem(sys.modules, f"opentelemetry{name}", module)
    with tracer()("GET /connections", {"a": "b"}, {"traceparent": "00-1"}) as told:
        told(503)
    assert (spans[0].name, spans[0].given["context"]) == ("GET /connections", "00-1")
    assert spans[0].given["attributes"] == {"a": "b"}
    assert spans[0].said == {"http.response.status_code": 503, "status": "error", "ended": True}


def test_the_command_itself_imports_no_server() -> None:
    code = "import sys, connectors.cli.main; print([n for n in sys.modules if n.startswith(('starlette', 'uvicorn'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
