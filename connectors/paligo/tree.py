"""The folder tree, walked: each folder is shown once, which names all that lies in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors import CallError, ConfigError, NotFoundError, PageLoop, Problem
from connectors.authoring import Run
from connectors.paligo.paging import PASSING, Items, items_in, listed

_MOST_FOLDERS = 100_000


@dataclass(frozen=True)
class Folder:
    """One folder where it was met."""

    facts: Mapping[str, Any]  # id, name and so on, without the children
    parent: Any = None  # id of the folder above; None: it is where the walk began
    depth: int = 1
    children: Items = field(default_factory=list)
    error: CallError | None = None  # why it could not be shown; then its children are not known


def walk(run: Run, within: tuple[str, ...] = ()) -> Iterator[Folder]:
    """Every folder, each after the one above it; those deleted meanwhile are left out.

    `within` are ids or UUIDs: only these and what lies below them. Raises `ConfigError` for one of
    these that is not there.
    """
    starts = [Folder({"id": key}) for key in reversed(within)] or list(map(Folder, listed(run, "/api/v2/folders")))
    waiting, met = starts, set[str]()
    while waiting:
        known = waiting.pop()
        begins = known.parent is None
        if begins and str(known.facts["id"]) in met:
            continue
        folder = _shown(run, known, wanted=begins and bool(within))
        if folder is None or (begins and str(folder.facts["id"]) in met):
            continue  # also one that is named by its UUID, and was met by its id
        met.add(str(folder.facts["id"]))
        yield folder
        below = {str(child.get("id")): child for child in folder.children if child.get("type") == "folder"}
        new = sorted(below.keys() - met)
        met.update(new)
        waiting += [Folder(below[id_], folder.facts["id"], folder.depth + 1) for id_ in new]
        if len(met) > _MOST_FOLDERS:
            raise PageLoop(f"there are more than {_MOST_FOLDERS} folders")


def _shown(run: Run, folder: Folder, *, wanted: bool) -> Folder | None:
    """The folder with its children; None if it was deleted meanwhile."""
    id_ = folder.facts["id"]
    try:
        answer = run.get(f"/api/v2/folders/{quote(str(id_), safe='')}").json()
        children = items_in(answer, "children")
    except NotFoundError:
        if wanted:
            problem = Problem("metadata", "folders", "Folders", f"there is no folder {id_}")
            raise ConfigError(problems=[problem], next_step="Correct it in the connection's metadata.") from None
        return None
    except PASSING as error:
        return Folder(_facts(folder.facts), folder.parent, folder.depth, error=error)
    return Folder({**_facts(folder.facts), **_facts(answer)}, folder.parent, folder.depth, children)


def _facts(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name != "children"}
