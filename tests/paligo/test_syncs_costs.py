"""What the syncs cost: a default frequency is longer than a run takes, and the pages say the same as the code."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from connectors.authoring import Sync
from connectors.engine.estimates import Estimate, estimate
from connectors.paligo import connector
from connectors.registry import Registry

SYNCS = sorted((each for each in connector.functions if isinstance(each, Sync)), key=lambda sync: sync.name)
PAGE = (Path(__file__).parents[2] / "docs/providers/paligo/syncs.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def paligo():
    return Registry.load().catalog().get("paligo")


def taking(paligo, sync, plan, items=5000):
    found = estimate(paligo, {"plan": plan}, sync, items)
    assert found is not None, f"{sync.name} has no formula"
    return found


@pytest.mark.parametrize("sync", SYNCS, ids=lambda sync: sync.name)
def test_a_sync_is_due_less_often_than_5000_new_records_take_on_business(paligo, sync):
    assert taking(paligo, sync, "business").seconds < sync.every


@pytest.mark.parametrize("sync", SYNCS, ids=lambda sync: sync.name)
def test_an_estimate_is_what_the_budgets_allow(paligo, sync):
    business, enterprise = taking(paligo, sync, "business"), taking(paligo, sync, "enterprise")
    calls = sync.cost.calls(5000).values()
    assert business.requests == enterprise.requests == sum(calls)
    floor = max([0, *((math.ceil(each / 50) - 1) * 60 for each in calls)])
    assert floor <= business.seconds <= floor + 60
    assert enterprise.seconds < business.seconds or business.seconds == 0
    assert taking(paligo, sync, "none").seconds == 0
    assert taking(paligo, sync, "business", 0).requests <= 2


def test_an_estimate_of_documents_in_figures(paligo):
    documents = next(sync for sync in SYNCS if sync.name == "documents")
    assert taking(paligo, documents, "business") == Estimate(5000, 5051, 6000.0, "business")
    assert taking(paligo, documents, "enterprise", 200) == Estimate(200, 203, 0.0, "enterprise")


def _row(name):
    found = re.search(rf"^\| \[?`{name}`.*\|$", PAGE, flags=re.MULTILINE)
    assert found, f"the page has no row for {name}"
    return [cell.strip() for cell in found[0].strip("|").split("|")]


@pytest.mark.parametrize("sync", SYNCS, ids=lambda sync: sync.name)
def test_the_page_names_each_sync_with_model_formula_and_frequency(sync):
    from connectors.cli.syncs import frequency

    _, model, requests, every, deletes = _row(sync.name)
    assert (model, requests, every) == (f"`{sync.model}`", sync.cost.formula, frequency(sync.every))
    explicit = "at once" if sync.name == "audit-findings" else "not noticed"
    assert deletes == {"absent": "by absence", "explicit": explicit}[sync.deletes]


@pytest.mark.parametrize(
    ("name", "searches", "lists"),
    [("folders", 0, 5000 + 1), ("taxonomies", 1, 5000 + 1), ("forks", 1, 200 + 5000)],
)
def test_at_worst_each_thing_is_asked_for_and_a_search_only_where_there_is_one(name, searches, lists):
    (sync,) = [sync for sync in SYNCS if sync.name == name]
    calls = sync.cost.calls(5000)
    assert calls.pop(("POST", "/api/v2/search/"), 0) == searches
    assert list(calls.values()) == [lists]


@pytest.mark.parametrize("sync", SYNCS, ids=lambda sync: sync.name)
def test_a_sync_says_what_it_does_and_costs(sync):
    assert any(text in sync.description for text in ("Costs one request per", "Makes no request"))


def test_a_sync_without_a_formula_has_no_estimate(paligo):
    from dataclasses import replace

    assert estimate(paligo, {}, replace(SYNCS[0], cost=None)) is None
