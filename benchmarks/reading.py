"""Stored records handed out, against a bare SELECT and json.loads."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.account import account
from benchmarks.database import bare
from benchmarks.measure import Result, best
from benchmarks.sample import documents
from connectors.engine.records import read_records
from connectors.engine.runs import run_sync

_RECORDS = 10_000
_SELECT = "SELECT data FROM records ORDER BY stream, change"


def run() -> Iterator[Result]:
    """All records of a model, in the order of their changes; seconds are those of one record."""
    with tempfile.TemporaryDirectory() as name, account(Path(name), documents(_RECORDS)) as host:
        assert run_sync(host, "dev", "acme", "documents").state == "success"
        connection = bare(host.settings.database)
        ours, floor = best(
            lambda: sum(1 for _ in read_records(host, "dev", "acme", "Document")),
            lambda: sum(1 for row in connection.execute(_SELECT) if json.loads(row[0])),
            times=1,
            rounds=7,
        )
        connection.close()
    yield Result("read a record", ours / _RECORDS, floor / _RECORDS, "SELECT and json.loads")
