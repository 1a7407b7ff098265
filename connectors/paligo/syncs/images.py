"""Images: what is known of them, without the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors import NotFoundError
from connectors.authoring import Cost, Item, Run, Skipped, sync
from connectors.paligo.paging import PASSING, Failures, listed, no_version, reader

_PATH = "/api/v2/images"


@sync(
    "Image",
    every="1d",
    deletes="absent",
    needs="folders",
    volatile=("content_url",),
    cost=Cost("1 + folders with images + hidden", lambda items: {("GET", _PATH): items + 1}),
)
def images(run: Run) -> Iterator[Item]:
    """Every image that can be found: in the root of the media library, and in folders that show some.

    Costs one request per 100 images of each such folder, and one for each stored image that no
    list names any more.
    """
    met: set[str] = set()
    failures, whole = Failures(), True
    for place in _places(run):
        try:
            for image in listed(run, _PATH, **place):
                met.add(str(image.get("id")))
                yield image
        except NotFoundError:
            if not place:
                raise
        except PASSING as error:
            if not place:
                raise
            failures.add(error)
            whole = False
            yield Skipped(f"the images of folder {place['parent']} could not be read: {error.message}")
        else:
            failures.reset()
    if whole:
        yield from run.refresh(_hidden(run, met), reader(run, _PATH), version=no_version)


def _places(run: Run) -> Iterator[dict[str, Any]]:
    """What to give as parent: nothing for the root, then each stored folder that showed images."""
    yield {}
    for folder in run.records("Folder"):
        if folder.get("images"):
            yield {"parent": folder["id"]}


def _hidden(run: Run, met: set[str]) -> Iterator[dict[str, Any]]:
    """Stored images that no list names: they may lie where none reaches, so each is read before it counts as gone."""
    for stored in run.records("Image"):
        if stored["id"] not in met:
            met.add(stored["id"])
            yield {"id": stored["id"]}
