"""Every document of an account without its content: by search, or by walking the folders.

Facts: the official reference (search is beta there) and what clients of it report. Search lists
everything in pages of 100. Where an instance refuses it (404 or 422), `GET /documents` is read per
folder, because without `parent` it lists the root folder only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors import NotFoundError, PageLoop, RejectedError, UnexpectedAnswer
from connectors.authoring import Run

PER_PAGE = 100  # known to work; the provider's maximum is not published
_UNPROCESSABLE = 422
_MOST_FOLDERS = 100_000
_MOST_PAGES = 100_000
_NO_DOCUMENTS = ("folder", "image")  # types among a folder's children that are something else
_PAGES = {
    "type": "link",
    "link_path_in_response_body": "next_page",
    "limit_name_in_request": "per_page",
    "limit": PER_PAGE,
    "resend_params": True,
}

Stub = Mapping[str, Any]


def document_stubs(run: Run) -> Iterator[Stub]:
    """Every component and publication once, each with `id`, `modified_at` and `created_at`."""
    try:
        yield from _searched(run)
    except NotFoundError:
        run.log.info("this instance has no search; walking its folders instead")
    except RejectedError as error:
        if error.status != _UNPROCESSABLE:
            raise
        run.log.info("this instance refuses the search; walking its folders instead")
    else:
        return
    yield from _walked(run)


def version_of(stub: Stub) -> str:
    """What changes when a document does.

    Both times count: starter content has a `created_at` later than its `modified_at`, and a
    document that is made again under an old modification time is another document.
    """
    return f"{stub.get('modified_at')}/{stub.get('created_at')}"


def _searched(run: Run) -> Iterator[Stub]:
    """Page 1, then from the last page down, then page 1 again.

    A document that is deleted meanwhile moves those behind it one place to the front, onto pages
    that are still to come: none is missed, and so none is taken for deleted.
    """
    first, pages = _search_page(run, 1)
    run.progress(len(first), of=pages * len(first))
    yield from first
    previous, came, whole = first, len(first), len(first)
    short: list[tuple[int, int]] = []
    for page in range(pages, 1, -1):
        items, _ = _search_page(run, page)
        if items and items == previous:
            raise PageLoop(f"the search answered page {page} with the same documents as the page before")
        if len(items) < len(first):
            short.append((page, len(items)))
        if page == pages:
            whole = (pages - 1) * len(first) + len(items)
        previous, came = items, came + len(items)
        run.progress(came, of=whole)
        yield from items
    if pages > 1:
        again, pages_now = _search_page(run, 1)
        _check_short(short, min(pages, pages_now), len(first))
        met = {item.get("id") for item in first}
        yield from (item for item in again if item.get("id") not in met)


def _check_short(short: list[tuple[int, int]], last: int, full: int) -> None:
    """Only the last page may hold fewer documents; any other was cut off, and its absence means nothing."""
    for page, items in short:
        if page < last or (page == last and not items):
            raise UnexpectedAnswer(f"page {page} of {last} came back with {items} documents; a page holds {full}")


def _search_page(run: Run, page: int) -> tuple[list[dict[str, Any]], int]:
    body = {"resource": "documents", "page": page, "per_page": PER_PAGE}
    answer = run.post("/api/v2/search/", data=body, reads=True).json()
    return _items(answer, "items"), _page_count(answer.get("total_pages"))


def _walked(run: Run) -> Iterator[Stub]:
    """Folder by folder. A document that is listed twice is yielded twice; a pass counts it once."""
    root = set()
    for stub in run.pages("/api/v2/documents", items="documents", paginate=_PAGES):
        root.add(str(stub.get("id")))
        yield stub
    waiting = [folder["id"] for folder in run.pages("/api/v2/folders", items="folders", paginate=_PAGES)]
    met = set(waiting)
    while waiting:
        folder = waiting.pop()
        children = _children(run, folder)
        yield from _in_folder(run, folder, children)
        found = {child.get("id") for child in children if child.get("type") == "folder"} - met
        met |= found
        waiting += sorted(found, key=str)
        if len(met) > _MOST_FOLDERS:
            raise PageLoop(f"there are more than {_MOST_FOLDERS} folders")
    yield from _elsewhere(run, root, {str(folder) for folder in met})


def _elsewhere(run: Run, root: set[str], folders: set[str]) -> Iterator[Stub]:
    """Stored documents of no folder that was met, unless the root's list names them.

    No second list tells of these, so each is read before it counts as deleted.
    """
    for stored in run.records("Document"):
        if str(stored.get("parent_resource")) not in folders and stored["id"] not in root:
            yield {"id": stored["id"]}


def _in_folder(run: Run, folder: Any, children: list[dict[str, Any]]) -> Iterator[Stub]:
    """The documents that the list names, then those that only the folder names.

    Why the list lacks one decides a read of it: deleted meanwhile (404), or left out.
    """
    listed = set()
    for stub in run.pages("/api/v2/documents", items="documents", params={"parent": folder}, paginate=_PAGES):
        listed.add(str(stub.get("id")))
        yield stub
    for child in children:
        if child.get("type") not in _NO_DOCUMENTS and str(child.get("id")) not in listed:
            yield child


def _children(run: Run, folder: Any) -> list[dict[str, Any]]:
    try:
        folder_shown = run.get(f"/api/v2/folders/{folder}").json()
    except NotFoundError:
        # Deleted while the tree was walked: its documents are gone with it.
        return []
    return _items(folder_shown, "children")


def _items(answer: Any, key: str) -> list[dict[str, Any]]:
    items = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnexpectedAnswer(f'the answer holds no list under "{key}"')
    return items


def _page_count(value: Any) -> int:
    try:
        pages = int(value)
    except (TypeError, ValueError):
        raise UnexpectedAnswer("total_pages is no number in the answer") from None
    if pages > _MOST_PAGES:
        raise UnexpectedAnswer(f"the answer speaks of {pages} pages")
    return pages
