"""Checking and hashing a record of 1 KB, against jsonschema and the standard library's json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import jsonschema

from benchmarks.measure import Goal, Result, best
from benchmarks.sample import document
from connectors.data import root
from connectors.runtime.canonical import digest, dumps
from connectors.runtime.models import Models

_VALID = Goal(0.004, "1 µs a record where jsonschema took 250")
_CANONICAL = Goal(0.14, "1.3 µs for 1 KB where json took 9.2")


def run() -> Iterator[Result]:
    """Each step alone, then both as the runner takes them."""
    model = Models([root() / "schemas"]).get("paligo", "Document")
    judge = jsonschema.Draft202012Validator(dict(model.schema))
    record = document(1)
    valid, judged, text, slow_text, both, floor = best(
        lambda: model.problem(record),
        lambda: judge.is_valid(record),
        lambda: dumps(record),
        lambda: json.dumps(record, sort_keys=True),
        lambda: (model.problem(record), digest(dumps(record))),
        lambda: (
            judge.is_valid(record),
            hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest(),
        ),
        times=400,
        rounds=7,
    )
    yield Result("check a record", valid, judged, "jsonschema", _VALID)
    yield Result("canonical JSON of a record", text, slow_text, "json.dumps(sort_keys=True)", _CANONICAL)
    yield Result("check and hash a record", both, floor, "jsonschema, json and SHA-256")
