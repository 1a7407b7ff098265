"""Every document of an account without its content: by search, or by walking the folders.

Facts: the official reference (search is beta there) and what clients of it report. Search lists
everything in pages of 100. Where an instance refuses it (404 or 422), `GET /documents` is read per
folder, because without `parent` it lists the root folder only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.authoring import Run
from connectors.paligo.paging import Items, NoSearch, listed, searched
from connectors.paligo.tree import walk

_NO_DOCUMENTS = ("folder", "image")  # types among a folder's children that are something else

Stub = Mapping[str, Any]


def document_stubs(run: Run, within: tuple[str, ...] = ()) -> Iterator[Stub]:
    """Every component and publication once, each with `id`, `modified_at` and `created_at`.

    `within` are ids or UUIDs of folders: only what lies in or below these, which is walked.
    """
    if within:
        for folder, children in _folders(run, within):
            yield from _in_folder(run, folder, children)
        return
    try:
        yield from searched(run, "documents")
    except NoSearch:
        yield from _walked(run)


def version_of(stub: Stub) -> str:
    """What changes when a document does.

    Both times count: starter content has a `created_at` later than its `modified_at`, and a
    document that is made again under an old modification time is another document.
    """
    return f"{stub.get('modified_at')}/{stub.get('created_at')}"


def _walked(run: Run) -> Iterator[Stub]:
    """Folder by folder. A document that is listed twice is yielded twice; a pass counts it once."""
    root = set()
    for stub in listed(run, "/api/v2/documents"):
        root.add(str(stub.get("id")))
        yield stub
    met = set()
    for folder, children in _folders(run):
        met.add(str(folder))
        yield from _in_folder(run, folder, children)
    yield from _elsewhere(run, root, met)


def _folders(run: Run, within: tuple[str, ...] = ()) -> Iterator[tuple[Any, Items]]:
    """Each folder's id and children. Raises what kept one from being shown: what lies below it is not known."""
    for folder in walk(run, within):
        if folder.error is not None:
            raise folder.error
        yield folder.facts["id"], folder.children


def _elsewhere(run: Run, root: set[str], folders: set[str]) -> Iterator[Stub]:
    """Stored documents of no folder that was met, unless the root's list names them.

    No second list tells of these, so each is read before it counts as deleted.
    """
    for stored in run.records("Document"):
        if str(stored.get("parent_resource")) not in folders and stored["id"] not in root:
            yield {"id": stored["id"]}


def _in_folder(run: Run, folder: Any, children: Items) -> Iterator[Stub]:
    """The documents that the list names, then those that only the folder names.

    Why the list lacks one decides a read of it: deleted meanwhile (404), or left out.
    """
    met = set()
    for stub in listed(run, "/api/v2/documents", parent=folder):
        met.add(str(stub.get("id")))
        yield stub
    for child in children:
        if child.get("type") not in _NO_DOCUMENTS and str(child.get("id")) not in met:
            yield child
