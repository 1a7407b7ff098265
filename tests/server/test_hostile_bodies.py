"""Bodies made to keep the server busy: they are refused or taken, and nobody else waits for it."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from connectors.server.contract import fields
from connectors.server.schemas import Check
from tests.server.conftest import Served

NAMES = b"{" + b",".join(b'"%d":1' % number for number in range(500_000)) + b"}"
NUMBERS = b'{"connection_id":"one","provider_config_key":"plain","metadata":[' + b"1," * 2_000_000 + b"1]}"
SCHEMA = fields(
    {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer"}, "maxItems": 1000}}, required=["a"]
)


@pytest.mark.parametrize("body", [NAMES, NUMBERS])
def test_a_long_body_keeps_nobody_else_waiting(served: Served, body: bytes) -> None:
    over, longest = threading.Event(), [0.0]

    def watch() -> None:
        with requests.Session() as session:
            while not over.is_set():
                began = time.monotonic()
                session.get(f"{served.url}/health", timeout=30)
                longest[0] = max(longest[0], time.monotonic() - began)

    watching = threading.Thread(target=watch)
    watching.start()
    refused = served.post("/connections/metadata", data=body, headers={"Content-Type": "application/json"})
    over.set()
    watching.join(30)
    assert refused.json()["error"]["code"] == "invalid_body"
    assert len(refused.content) < 10_000
    assert longest[0] < 3  # it was this long for each million of names


def test_what_is_wrong_is_told_of_the_beginning_of_a_long_value() -> None:
    check = Check(SCHEMA)
    made_up = {f"name {number}": number for number in range(100_000)}
    assert check.problems({"a": "x", **made_up})[0]["code"] == "unrecognized_keys"
    assert check.problems({**made_up, "a": "x"})[0]["code"] == "unrecognized_keys"
    assert [each["path"] for each in check.problems(made_up) if each["message"] == "is required"] == [["a"]]
    assert check.problems({"a": "x", "b": [1] * 1001})[0]["code"] == "too_big"
    assert check.problems({"a": "x", "b": [1] * 900 + ["x"]})[0]["path"] == ["b", "900"]


def test_a_value_that_does_not_fit_is_never_taken_for_one_that_does() -> None:
    beyond = {"a": "x", "b": [1] * 900_000}
    assert Check(fields({"a": {}, "b": {"items": {"type": "string"}}})).problems(beyond)
    late = Check(fields({"b": {"type": "array", "items": {"type": "integer"}}}))
    assert late.problems({"b": [1] * 50_000 + ["x"]}) == [{"code": "custom", "message": "cannot be used", "path": []}]
