"""Taxonomies: the tree of tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors import NotFoundError, PageLoop
from connectors.authoring import Item, Run, Skipped, sync
from connectors.paligo.costs import tree
from connectors.paligo.paging import PASSING, Failures, Items, NoSearch, listed, searched

_PATH = "/api/v2/taxonomies/"
_MOST_TAXONOMIES = 100_000


@sync("Taxonomy", every="12h", deletes="absent", cost=tree("⌈N/100⌉ + 1, or N + 2", _PATH))
def taxonomies(run: Run) -> Iterator[Item]:
    """Every taxonomy with its parent.

    Costs one request per 100. Where the account has no search, one per taxonomy, because a list
    holds those of one parent only.
    """
    try:
        yield from searched(run, "taxonomies", fit=_some_name_a_parent)
    except NoSearch:
        yield from _walked(run)


def _some_name_a_parent(found: Items) -> bool:
    return any("parent" in taxonomy for taxonomy in found)


def _walked(run: Run) -> Iterator[Item]:
    failures = Failures()
    waiting: list[dict[str, Any]] = [{}]  # what to give as parent: nothing for the root
    met: set[str] = set()
    while waiting:
        above = waiting.pop()
        try:
            children = list(listed(run, _PATH, **above))
        except NotFoundError:
            if not above:
                raise
            continue  # deleted meanwhile
        except PASSING as error:
            if not above:
                raise
            failures.add(error)
            yield Skipped(f"what lies below taxonomy {above['parent']} could not be read: {error.message}")
            continue
        failures.reset()
        new = [child for child in children if str(child.get("id")) not in met]
        met.update(str(child.get("id")) for child in new)
        if len(met) > _MOST_TAXONOMIES:
            raise PageLoop(f"there are more than {_MOST_TAXONOMIES} taxonomies")
        waiting += [{"parent": child.get("id")} for child in new]
        yield from ({**above, **child} for child in new)
