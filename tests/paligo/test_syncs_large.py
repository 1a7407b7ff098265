"""A big account: every sync from empty, at the requests that its formula gives, in memory that does not grow."""

from __future__ import annotations

import logging
import math
import tracemalloc
from collections import Counter
from types import SimpleNamespace

import pytest

from connectors.authoring import Sync
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.paligo import connector

SYNCS = {each.name: each for each in connector.functions if isinstance(each, Sync)}
ORDER = sorted(SYNCS, key=lambda name: (name != "documents", name != "folders", name))
MORE = {
    "images": 300,
    "taxonomies": 250,
    "variable_sets": 60,
    "users": 120,
    "groups": 12,
    "assignments": 130,
    "publish_settings": 210,
    "jobs": 20,
}


def listing(items):
    return 1 if items <= 100 else math.ceil(items / 100) + 1


def requests(acme, name):
    """What a first run costs, as the page says."""
    if name == "audit-findings":
        return 0
    (table,) = {path.split("/")[3] for _, path in SYNCS[name].cost.calls(1)} - {"search"}
    rows = acme.emulator.account.rows(table)
    if name == "folders":
        return listing(sum(row["parent"] == 0 for row in rows)) + len(rows)
    if name == "images":
        return sum(map(listing, Counter(row["parent"] for row in rows).values()))
    return listing(len(rows)) + (len(rows) if name in ("documents", "groups") else 0)


def test_every_sync_of_a_large_account_costs_what_its_formula_says(open_acme):
    acme = open_acme(documents=5_000, folders=320, publications=200, more=MORE)
    for name in ORDER:
        report = acme.sync(name)
        assert (report.state, report.rejected, report.skipped) == ("success", 0, 0), name
        assert report.requests == len(acme.emulator.log) == requests(acme, name), name
    assert len(acme.records("Fork")) == len(acme.emulator.account.rows("forks")) > 3_000
    assert acme.sync().requests == listing(5_000)


class Account:
    """Stands in for a run: lists and searches of so many made-up items, a page at a time."""

    checkpoint, only, metadata, log = None, frozenset(), {}, logging.getLogger("test")

    def __init__(self, items):
        self.items = items

    def progress(self, done, of=None):
        pass

    def records(self, model):
        return iter(())

    def refresh(self, items, read, *, version):
        return iter(items)

    def get(self, path, params):
        return self._page(path.rstrip("/").rpartition("/")[2], params["page"])

    def post(self, path, data, reads):
        return self._page("items", data["page"])

    def _page(self, key, page):
        first = (page - 1) * 100
        facts = {"parent": 1, "root_document": 1, "position": 1, "depth": 1, "text": "x" * 500}
        items = [{"id": n, "document": {"id": n}, **facts} for n in range(first, min(self.items, first + 100))]
        answer = {"page": page, "next_page": "", "total_pages": math.ceil(self.items / 100), key: items}
        return SimpleNamespace(json=lambda: answer)


@pytest.mark.parametrize("name", sorted(SYNCS.keys() - {"audit-findings", "folders"}))
def test_memory_does_not_grow_with_the_number_of_records(name):
    def peak(items):
        tracemalloc.start()
        try:
            count = sum(1 for _ in SYNCS[name].function(Account(items)))
            return count, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(1_000), peak(10_000)
    assert (few[0], many[0]) == (1_000, 10_000)
    ids = 9_000 * 150 if name == "images" else 0  # images are remembered by id, to tell which are out of sight
    assert many[1] < few[1] * 1.5 + ids


def test_the_reference_definition_drives_every_sync(open_acme, open_theirs):
    acme = open_acme(documents=30, more={"variable_sets": 3}, max_per_page=5, next_page="plain")
    with open_theirs() as host:
        for name in ORDER:
            acme.sync(name)
            report = run_sync(host, "dev", "acme", name, RunOptions())
            assert (report.state, report.added) == ("success", len(acme.records(SYNCS[name].model))), name
