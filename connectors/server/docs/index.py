"""The navigation of the docs: what `docs/llms.txt` lists, in its order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from connectors.server.docs.markdown import line
from connectors.server.docs.sources import INDEX, Sources

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LEAD = re.compile(r"^> (.+)$", re.MULTILINE)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^- \[(?P<title>.+?)\]\((?P<link>\S+?)\): (?P<about>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A page as it is listed."""

    title: str
    address: str
    about: Markup


@dataclass(frozen=True)
class Section:
    """Pages that belong together."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Index:
    """All pages."""

    title: str
    lead: Markup
    sections: tuple[Section, ...]

    def around(self, address: str) -> tuple[Entry | None, Entry | None]:
        """The entries before and after a page."""
        entries = [entry for section in self.sections for entry in section.entries]
        places = [place for place, entry in enumerate(entries) if entry.address == address]
        if not places:
            return None, None
        before = entries[places[0] - 1] if places[0] else None
        after = entries[places[0] + 1] if places[0] + 1 < len(entries) else None
        return before, after


def index(sources: Sources) -> Index:
    """What there is to read. An entry that leads to nothing here is left out."""
    text = sources.text(INDEX)
    parts = _SECTION.split(text)
    sections = zip(parts[1::2], parts[2::2], strict=True)
    title, lead = _TITLE.search(text), " ".join(_LEAD.findall(text))
    shown = tuple(Section(name, _entries(below, sources)) for name, below in sections)
    return Index(title[1] if title else "", line(lead), shown)


def _entries(text: str, sources: Sources) -> tuple[Entry, ...]:
    found = ((each["title"], sources.served(each["link"], path=INDEX), each["about"]) for each in _ENTRY.finditer(text))
    return tuple(Entry(title, address, line(about)) for title, address, about in found if address)
