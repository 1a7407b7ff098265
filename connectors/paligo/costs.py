"""What the syncs cost in requests, for `connectors syncs` and the tests. Words: docs/providers/paligo/syncs.md."""

from __future__ import annotations

from connectors.authoring import Cost
from connectors.paligo.paging import requests

SEARCH = ("POST", "/api/v2/search/")
PUBLICATION = 25  # forks: what a publication is reckoned to hold


def plain(path: str) -> Cost:
    """A list of whole objects."""
    return Cost("⌈N/100⌉ + 1", lambda items: {("GET", path): requests(items)})


def read_one_by_one(formula: str, path: str, *, found: tuple[str, str]) -> Cost:
    """Found by a list or search, then each read."""
    return Cost(formula, lambda items: _added({found: requests(items)}, ("GET", path), items))


def tree(formula: str, path: str, *, roots: int = 0, search: bool = True) -> Cost:
    """Each asked for what lies below it, after a search that was refused, if any; one root for so many."""

    def calls(items: int) -> dict[tuple[str, str], int]:
        below = {("GET", path): items + (-(-items // roots) if roots else 1)}
        return {SEARCH: 1, **below} if search else below

    return Cost(formula, calls)


def _added(calls: dict[tuple[str, str], int], call: tuple[str, str], more: int) -> dict[tuple[str, str], int]:
    return {**calls, call: calls.get(call, 0) + more}
