"""The library as a graph of ids: which documents there are, where they are placed, and what they reuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.authoring import Audited

Stored = Mapping[str, Any]


class Library:
    """What leads where, by ids and UUIDs. It holds no content."""

    def __init__(self, given: Audited) -> None:
        self._known: dict[str, str] = {}  # id, UUID, or that of a fork → id of the document
        self._placed: set[str] = set()  # documents that a publication's table of contents names
        self._publications: set[str] = set()
        self._reuse: dict[str, set[str]] = {}  # a document → those it includes
        self.has_forks = False
        for fork in given.records("Fork"):
            self._add_fork(fork)
        for document in given.records("Document"):
            id_ = identity(document["id"])
            self._know(document, id_)
            if is_publication(document):
                self._publications.add(id_)

    def find(self, target: str) -> str | None:
        """The id of the document that an id or UUID leads to; None if none is stored."""
        return self._known.get(target.lower())

    def reuses(self, document: str, target: str) -> None:
        """Note that a document includes another."""
        self._reuse.setdefault(document, set()).add(target)

    def published(self) -> set[str]:
        """Every document that is part of a publication: placed in one, or reused by one that is."""
        reached = self._publications | self._placed
        waiting = list(reached)
        while waiting:
            found = self._reuse.get(waiting.pop(), set()) - reached
            reached |= found
            waiting += found
        return reached

    def _add_fork(self, fork: Stored) -> None:
        self.has_forks = True
        document = fork.get("document")
        place = identity(document.get("id") if isinstance(document, Mapping) else document)
        if place:
            self._placed.add(place)
            self._know(fork, place)

    def _know(self, record: Stored, document: str) -> None:
        for key in (record.get("id"), record.get("uuid")):
            if key not in (None, ""):
                self._known[identity(key).lower()] = document


@dataclass(frozen=True)
class Group:
    """Documents that share a title."""

    title: str  # as one of them has it
    documents: list[str]  # their ids


class Twins:
    """Which documents of one kind share a title. It keeps a number for each title, and those that are shared."""

    def __init__(self) -> None:
        self._first: dict[int, str] = {}
        self._groups: dict[int, Group] = {}

    def add(self, document: str, kind: str, title: str) -> None:
        """A document, what it is compared with, and its title; case and blanks make no difference."""
        key = hash((kind, " ".join(title.casefold().split())))
        first = self._first.setdefault(key, document)
        if first != document:
            self._groups.setdefault(key, Group(title, [first])).documents.append(document)

    def others(self) -> dict[str, Group]:
        """For each document that has twins, the group it belongs to."""
        return {document: group for group in self._groups.values() for document in group.documents}


def identity(value: Any) -> str:
    """An id as records keep it: text; "" for none."""
    return "" if value is None else str(value)


def is_publication(document: Stored) -> bool:
    """Whether a document is a publication."""
    return "publication" in (document.get("type"), document.get("subtype"))


def image_values(values: Iterable[Stored]) -> set[str]:
    """The ids of images that variables stand for."""
    found = set()
    for stored in values:
        value = stored.get("value")
        if isinstance(value, Mapping) and value.get("id") not in (None, ""):
            found.add(identity(value["id"]))
    return found
