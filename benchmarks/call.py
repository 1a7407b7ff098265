"""One call with an API key over a connection that is kept alive, against requests doing the same."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

import connectors
from benchmarks.measure import Goal, Result, best
from benchmarks.server import server

_KEY = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
_PATH = "/api/v2/groups"
_DEFINITION = """
bench:
    display_name: Bench
    auth_mode: API_KEY
    docs: https://bench.example
    proxy:
        base_url: {url}
        headers:
            x-api-key: ${{apiKey}}
"""
_LIMITS = """
    rate_limits:
        window: 60
        plan: business
        plans: [business]
        groups:
            groups: {path: /api/v2/groups, read: {business: 1000000}}
"""
_GOAL = Goal(0.69, "a prepared request on a pooled adapter took 757 µs where Session.get took 1,105")


def run() -> Iterator[Result]:
    """With and without a rate limit to keep, against `Session.get` and the bare adapter."""
    with server() as url, tempfile.TemporaryDirectory() as folder:
        yield from _against(url, Path(folder))


def _against(url: str, folder: Path) -> Iterator[Result]:
    definition = _DEFINITION.format(url=url)
    headers = {"x-api-key": _KEY}
    session, adapter = requests.Session(), HTTPAdapter()
    prepared = requests.Request("GET", f"{url}{_PATH}?per_page=1", headers=headers).prepare()
    with (
        _client(folder / "plain.yaml", definition) as plain,
        _client(folder / "paced.yaml", definition + _LIMITS) as paced,
    ):
        params = {"per_page": 1}
        ours, with_limit, by_session, by_adapter = best(
            lambda: plain.get(_PATH, params=params).content,
            lambda: paced.get(_PATH, params=params).content,
            lambda: session.get(f"{url}{_PATH}", params=params, headers=headers).content,
            lambda: adapter.send(prepared, timeout=60).content,
            times=300,
            rounds=9,
        )
    session.close()
    adapter.close()
    yield Result("call", ours, by_session, "requests.Session.get", _GOAL)
    yield Result("call, with a rate limit", with_limit, by_session, "requests.Session.get")
    yield Result("call, over the bare adapter", ours, by_adapter, "HTTPAdapter.send of a prepared request")


def _client(file: Path, definition: str) -> connectors.Client:
    file.write_text(definition)
    policy = connectors.HostPolicy(allow_private=True)
    return connectors.connect("bench", {}, {"apiKey": _KEY}, providers=[file], policy=policy)
