"""connectors/paligo/README.md names everything that the connector has, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.authoring import Action, Sync
from connectors.paligo import connector

PAGE = "connectors/paligo/README.md"


@pytest.fixture
def told(page):
    return page(PAGE)


def test_each_sync_is_told_with_its_model_and_formula(told):
    rows = told.rows("## What is synced")
    named = {re.findall(r"`(.+?)`", name)[0]: (model.strip("`"), cost) for name, model, cost in rows}
    syncs = [each for each in connector.functions if isinstance(each, Sync)]
    assert named == {each.name: (each.model, each.cost.formula if each.cost else None) for each in syncs}
    assert list(named) == sorted(named)


def test_each_action_is_told_once_and_no_other(told):
    named = [name for _, names in told.rows("## What can be done") for name in re.findall(r"`(.+?)`", names)]
    assert sorted(named) == sorted(each.name for each in connector.functions if isinstance(each, Action))


def test_it_leads_to_every_page_on_paligo(told):
    pages = Path(__file__).parents[2] / "docs" / "providers" / "paligo"
    assert all(f"../../docs/providers/paligo/{file.name}" in told.text for file in pages.glob("*.md"))
