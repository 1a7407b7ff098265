"""Groups: who belongs together."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.authoring import Item, Run, sync
from connectors.paligo.costs import read_one_by_one
from connectors.paligo.paging import listed, no_version, reader

_PATH = "/api/v2/groups"


@sync("Group", every="12h", deletes="absent", cost=read_one_by_one("⌈N/100⌉ + 1 + N", _PATH, found=("GET", _PATH)))
def groups(run: Run) -> Iterator[Item]:
    """Every group with its users.

    Costs one request per 100 groups, and one for each: the list names no users, and nothing tells
    whether a group has changed.
    """
    yield from run.refresh(listed(run, _PATH), reader(run, _PATH), version=no_version)
