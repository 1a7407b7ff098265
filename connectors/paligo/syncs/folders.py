"""Folders: the tree that documents lie in."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.authoring import Item, Run, Seen, Skipped, sync
from connectors.paligo.costs import tree
from connectors.paligo.paging import Failures
from connectors.paligo.scope import Scope
from connectors.paligo.tree import walk


@sync("Folder", every="12h", deletes="absent", cost=tree("N + 1", "/api/v2/folders", search=False))
def folders(run: Run) -> Iterator[Item]:
    """Every folder with its place in the tree: `parent`, `depth` from 1, and how many `images` lie in it.

    Costs one request per folder. Its documents are not repeated here; they name their folder.
    """
    failures = Failures()
    for folder in walk(run, Scope.of(run.metadata).folders):
        if folder.error is None:
            failures.reset()
            images = sum(child.get("type") == "image" for child in folder.children)
            yield {"parent": folder.parent, **folder.facts, "depth": folder.depth, "images": images}
        else:
            failures.add(folder.error)
            yield Seen(folder.facts["id"])
            yield Skipped(f"what lies in folder {folder.facts['id']} could not be read: {folder.error.message}")
