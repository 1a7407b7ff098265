"""Documents: components and publications with their XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors import NotFoundError
from connectors.authoring import Gone, Item, Record, Run, sync
from connectors.paligo.costs import SEARCH, read_one_by_one
from connectors.paligo.paging import reader
from connectors.paligo.scope import Scope
from connectors.paligo.stubs import document_stubs, version_of


@sync(
    "Document",
    every="6h",
    deletes="absent",
    cost=read_one_by_one("⌈N/100⌉ + 1 + changed", "/api/v2/documents", found=SEARCH),
)
def documents(run: Run) -> Iterator[Item]:
    """Every component and publication, with its source-language XML.

    Costs one request per 100 documents, and one for each that is new or changed. Where the account
    has no search, two for each folder instead of the former.
    """
    scope = Scope.of(run.metadata)
    if not scope.folders and run.only:
        yield from _told_of(run.only, scope, reader(run, "/api/v2/documents"))
        return
    stubs = filter(scope.takes, document_stubs(run, scope.folders))
    read = reader(run, "/api/v2/documents")
    # A list item that has its content already is not read again.
    for item in run.refresh(stubs, lambda stub: stub if stub.get("content") else read(stub), version=version_of):
        if not isinstance(item, Record) or scope.takes(item.data):
            yield item


def _told_of(
    ids: frozenset[str], scope: Scope, read: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Iterator[Item]:
    """Those that an event told of, read whatever their version."""
    for id_ in sorted(ids):
        try:
            document = read({"id": id_})
        except NotFoundError:
            yield Gone(id_)
        else:
            if scope.takes(document):
                yield Record(document, version=version_of(document))
