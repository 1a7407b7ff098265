"""A connection and a call become a request, against requests preparing the finished values."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import requests

import connectors
from benchmarks.measure import Result, best
from connectors.runtime.request import Call, build

_USER, _KEY = "me@acme.example", "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
_FLOOR = "requests.Request(…).prepare()"
_BODY = {"resource": "documents", "page": 1, "per_page": 100}


def run() -> Iterator[Result]:
    """A read with params and a search with a JSON body, both as Paligo's sync sends them."""
    with connectors.connect("paligo", {"instance": "acme", "username": _USER}, {"apiKey": _KEY}) as client:
        connection = client.connection
    secret = base64.b64encode(f"{_USER}:{_KEY}".encode()).decode()
    headers = {"authorization": f"Basic {secret}"}
    host = "https://acme.paligoapp.com"
    read = Call(endpoint="/api/v2/documents", params={"parent": 317, "per_page": 100})
    search = Call(method="POST", endpoint="/api/v2/search/", data=_BODY)
    ours_read, floor_read, ours_search, floor_search = best(
        lambda: build(connection, read),
        lambda: requests.Request("GET", f"{host}/api/v2/documents", params=read.params, headers=headers).prepare(),
        lambda: build(connection, search),
        lambda: requests.Request("POST", f"{host}/api/v2/search/", json=_BODY, headers=headers).prepare(),
        times=1000,
        rounds=7,
    )
    yield Result("build a read", ours_read, floor_read, _FLOOR)
    yield Result("build a search with a body", ours_search, floor_search, _FLOOR)
