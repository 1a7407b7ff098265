"""The ids that Paligo gives to translatable texts, and what an edit does to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors import ContentError
from connectors.paligo.markup import Element, parse

_ATTRIBUTE = "xinfo:text"
_MOST_SHOWN = 10


@dataclass
class _Collector:
    """Counts the ids of all elements."""

    found: Counter[str] = field(default_factory=Counter)

    def start(self, element: Element) -> None:
        """An element begins."""
        if _ATTRIBUTE in element.attributes:
            self.found[element.attributes[_ATTRIBUTE]] += 1

    def text(self, data: str) -> None:
        """Not looked at."""

    def end(self) -> None:
        """Not looked at."""


def text_ids(xml: str) -> Counter[str]:
    """How often each text id stands in the XML. Raises `ContentError` for what is no XML, `UnsafeXml` for a DOCTYPE."""
    collector = _Collector()
    parse(xml, collector)
    return collector.found


def check_ids(before: Counter[str], after: Counter[str]) -> list[str]:
    """The ids that the edit drops. Raises `ContentError` for ids that the document did not have.

    An id ties a text to its translations. One that is new, or that stands on one more element than
    before, would tie a text to the translations of another.
    """
    unknown = _in_order(id_ for id_ in after if id_ not in before)
    doubled = _in_order(id_ for id_, count in after.items() if id_ in before and count > before[id_])
    told = []
    if unknown:
        told.append(f"the document has no text with the id {_shown(unknown)}")
    if doubled:
        told.append(f"more than one element has the id {_shown(doubled)}")
    if told:
        raise ContentError(
            f"the {_ATTRIBUTE} attributes do not fit: {'; '.join(told)}",
            next_step=f"Keep {_ATTRIBUTE} on what was there before, and leave it off what is new; Paligo adds it.",
            unknown_text_ids=unknown,
            doubled_text_ids=doubled,
        )
    return _in_order(id_ for id_ in before if id_ not in after)


def _in_order(ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=lambda id_: (len(id_), id_))


def _shown(ids: list[str]) -> str:
    more = f" and {len(ids) - _MOST_SHOWN} more" if len(ids) > _MOST_SHOWN else ""
    return ", ".join(id_[:40] for id_ in ids[:_MOST_SHOWN]) + more
