"""Forks: the tables of contents of publications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors import NotFoundError, PageLoop
from connectors.authoring import Item, Record, Run, Skipped, sync
from connectors.paligo.costs import PUBLICATION, tree
from connectors.paligo.paging import PASSING, Failures, Items, NoSearch, listed, searched
from connectors.paligo.scope import Scope

_PLACE = ("parent", "root_document", "position", "depth")
_OF_THE_DOCUMENT = ("id", "name", "uuid", "type", "modified_at")  # the Document has the rest
_PUBLICATION = "publication"
_MOST_FORKS = 100_000  # of one publication

Fork = Mapping[str, Any]


@sync(
    "Fork",
    every="12h",
    deletes="absent",
    needs="documents",
    cost=tree("⌈N/100⌉ + 1, or P + N + 1", "/api/v2/forks", roots=PUBLICATION),
)
def forks(run: Run) -> Iterator[Item]:
    """Each publication's table of contents: which document stands where, without its content.

    Costs one request per 100 forks. Where the account has no search, or one that does not tell the
    places, one per stored publication and one per fork.
    """
    wanted = {str(publication["id"]) for publication in _publications(run)} if Scope.of(run.metadata) else None
    try:
        for fork in searched(run, "forks", fit=_say_their_place):
            if wanted is None or str(fork.get("root_document")) in wanted:
                yield Record(_without_content(fork), parent=fork.get("root_document"))
    except NoSearch:
        yield from _walked(run)


def _say_their_place(found: Items) -> bool:
    return all(fork.keys() >= {*_PLACE, "document"} for fork in found)


def _walked(run: Run) -> Iterator[Item]:
    """Publication by publication. One that cannot be read now keeps what is stored of it."""
    failures = Failures()
    for publication in _publications(run):
        try:
            for fork in _below(run, publication["id"]):
                yield Record(_without_content(fork), parent=publication["id"])
        except PASSING as error:
            failures.add(error)
            run.log.warning("publication %s could not be read and stays as it is stored: %s", publication["id"], error)
            yield Skipped(error.message, parent=publication["id"])
        else:
            failures.reset()


def _publications(run: Run) -> Iterator[dict[str, Any]]:
    """The stored publications, and documents that do not say what they are."""
    for document in run.records("Document"):
        kinds = (document.get("type"), document.get("subtype"))
        if _PUBLICATION in kinds or (kinds[0] in (None, "", "document") and not kinds[1]):
            yield document


def _below(run: Run, publication: Any) -> Iterator[Fork]:
    """All forks of a publication, each after the one it hangs under."""
    waiting, met = [publication], {str(publication)}
    while waiting:
        above = waiting.pop()
        try:
            children = list(listed(run, "/api/v2/forks", parent=above))
        except NotFoundError:
            continue  # deleted meanwhile, and all below it
        for fork in children:
            id_ = str(fork.get("id"))
            if id_ not in met:
                met.add(id_)
                waiting.append(fork.get("id"))
                yield fork
        if len(met) > _MOST_FORKS:
            raise PageLoop(f"publication {publication} has more than {_MOST_FORKS} forks")


def _without_content(fork: Fork) -> Fork:
    document = fork.get("document")
    if not isinstance(document, Mapping):
        return fork
    return {**fork, "document": {name: document[name] for name in _OF_THE_DOCUMENT if name in document}}
