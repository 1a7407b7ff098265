"""A connection and a call become a request, against requests preparing the finished values."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import requests

import connectors
from benchmarks.measure import Result, best
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.request import Call, build

_USER, _KEY = "me@acme.example", "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
_FLOOR = "requests.Request(…).prepare()"
_PLAIN = {
    "auth_mode": "API_KEY",
    "proxy": {"base_url": "https://${connectionConfig.subdomain}.plain.example", "headers": {"x-api-key": "${apiKey}"}},
}
_BODY = {"resource": "documents", "page": 1, "per_page": 100}


def run() -> Iterator[Result]:
    """A read with params and a search with a JSON body as Paligo's sync sends them, and a read with a plain key."""
    with connectors.connect("paligo", {"instance": "acme", "username": _USER}, {"apiKey": _KEY}) as client:
        connection = client.connection
    secret = base64.b64encode(f"{_USER}:{_KEY}".encode()).decode()
    headers = {"authorization": f"Basic {secret}"}
    host = "https://acme.paligoapp.com"
    read = Call(endpoint="/api/v2/documents", params={"parent": 317, "per_page": 100})
    search = Call(method="POST", endpoint="/api/v2/search/", data=_BODY)
    plain = Connection(Provider("plain", _PLAIN, "here"), {"subdomain": "acme"}, {"apiKey": _KEY})
    ours_read, floor_read, ours_search, floor_search, ours_plain, floor_plain = best(
        lambda: build(connection, read),
        lambda: requests.Request("GET", f"{host}/api/v2/documents", params=read.params, headers=headers).prepare(),
        lambda: build(connection, search),
        lambda: requests.Request("POST", f"{host}/api/v2/search/", json=_BODY, headers=headers).prepare(),
        lambda: build(plain, read),
        lambda: requests.Request(
            "GET", "https://acme.plain.example/api/v2/documents", params=read.params, headers={"x-api-key": _KEY}
        ).prepare(),
        times=1000,
        rounds=7,
    )
    yield Result("build a read", ours_read, floor_read, _FLOOR)
    yield Result("build a search with a body", ours_search, floor_search, _FLOOR)
    yield Result("build a read with a plain key", ours_plain, floor_plain, _FLOOR)
