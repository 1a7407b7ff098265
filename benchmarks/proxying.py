"""Proxied calls through our server against a bare pass-through, and records read over HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from benchmarks.measure import Result, best
from benchmarks.passing import Passing, bare, ours, passing
from benchmarks.server import server

_PATH = "/api/v2/groups?per_page=1"
_CALLS = 200
_RECORDS = 10_000


def run() -> Iterator[Result]:
    """Time that a caller waits, processor time that a call takes, and records by the second."""
    with (
        server() as upstream,
        passing(ours, upstream, _RECORDS) as through_us,
        passing(bare, upstream) as through_it,
    ):
        by_us, by_it, direct = _caller(through_us, "/proxy"), _caller(through_it, "/proxy"), _direct(upstream)
        waited, waited_bare, waited_direct = best(by_us, by_it, direct, times=_CALLS, rounds=5)
        yield Result("proxied call, seconds added", waited - waited_direct, waited_bare - waited_direct, "pass-through")
        yield Result("proxied call, CPU", _cpu(through_us, by_us), _cpu(through_it, by_it), "pass-through")
        read = _caller(through_us, f"/records?model=Document&limit={_RECORDS}", whole=True)
        text = json.dumps(json.loads(read()))
        took, floor = best(read, lambda: json.dumps(json.loads(text)), times=1, rounds=5)
        yield Result("read a record over HTTP", took / _RECORDS, floor / _RECORDS, "json.loads and dumps")


def _caller(to: Passing, path: str, *, whole: bool = False) -> Callable[[], bytes]:
    """One call after the other over one connection."""
    connection = http.client.HTTPConnection(urlsplit(to.url).netloc)
    headers = {"Authorization": f"Bearer {to.key}", "Connection-Id": "acme", "Provider-Config-Key": "paligo"}

    def call() -> bytes:
        connection.request("GET", path if whole else path + _PATH, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    return call


def _direct(upstream: str) -> Callable[[], bytes]:
    connection = http.client.HTTPConnection(urlsplit(upstream).netloc)

    def call() -> bytes:
        connection.request("GET", _PATH)
        return connection.getresponse().read()

    return call


def _cpu(to: Passing, call: Callable[[], bytes]) -> float:
    """Processor seconds of the server for one call."""
    found = float("inf")
    for _ in range(3):
        before = to.cpu()
        for _ in range(_CALLS):
            call()
        found = min(found, (to.cpu() - before) / _CALLS)
    return found
