"""Documents: components and publications with their XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.authoring import Item, Run, sync
from connectors.paligo.stubs import Stub, document_stubs, version_of


@sync("Document", every="6h", deletes="absent")
def documents(run: Run) -> Iterator[Item]:
    """Every component and publication, with its source-language XML.

    Costs one request per 100 documents, and one for each that is new or changed. Where the account
    has no search, two for each folder instead of the former.
    """
    yield from run.refresh(document_stubs(run), lambda stub: _whole(run, stub), version=version_of)


def _whole(run: Run, stub: Stub) -> Mapping[str, Any]:
    """The document with its content; a list item that has it already is not read again."""
    if stub.get("content"):
        return stub
    document: Mapping[str, Any] = run.get(f"/api/v2/documents/{stub['id']}").json()
    return document
