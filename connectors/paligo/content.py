"""What a document says: its XML read as title, plain text, links, images, references and variables.

```python
from connectors.paligo.content import read

content = read(document["content"])
print(content.title, content.text)
```

Made for search indexes, assistants and audits. Facts about the format: the connector's own notes on
DocBook 5.1 with Paligo's attributes, docs/providers/paligo/content.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connectors import ContentError
from connectors.paligo.layout import Layout
from connectors.paligo.markup import XINCLUDE, Element, Limits, Place, parse

_UUID = re.compile(r"UUID-[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_RESOURCE = re.compile(r"urn:resource:(?P<kind>[A-Za-z]+):(?P<target>[^#?\s]+)(?:#(?P<anchor>\S+))?\Z")
_NO_DOCUMENTS = ("image", "folder")  # kinds of resources that are something else
_LONGEST_TEXT = 1000  # characters of a link's text


@dataclass(frozen=True)
class Link:
    """A link out of the library."""

    href: str  # as it stands there; anything an author can type
    text: str
    place: Place


@dataclass(frozen=True)
class Image:
    """An image that is shown."""

    uuid: str | None  # of the image in Paligo; None for a file from elsewhere
    fileref: str
    place: Place


@dataclass(frozen=True)
class CrossReference:
    """A reference to a document, or to a place in one."""

    document: str | None  # id or UUID; None: this document
    anchor: str | None  # xml:id of the place; None: the whole document
    text: str  # usually empty: Paligo writes the target's title when it publishes
    place: Place


@dataclass(frozen=True)
class Reuse:
    """Content that stands elsewhere and is included here when it is published."""

    target: str  # UUID or id
    anchor: str | None
    place: Place


@dataclass(frozen=True)
class Variable:
    """A variable; its value is not part of the document."""

    variable: str
    variable_set: str | None
    place: Place


@dataclass(frozen=True)
class Content:
    """What a document says, in the order in which it is read."""

    title: str
    language: str | None  # of the source text, as `en`
    text: str  # without the document's own title
    links: tuple[Link, ...]
    images: tuple[Image, ...]
    cross_references: tuple[CrossReference, ...]
    reuse: tuple[Reuse, ...]
    variables: tuple[Variable, ...]
    anchors: frozenset[str]  # every xml:id

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, ready for JSON."""
        return {**asdict(self), "anchors": sorted(self.anchors)}


def read(xml: str, *, limits: Limits | None = None) -> Content:
    """Read the `content` of a document.

    Raises `UnsafeXml` for a DOCTYPE, an entity declaration or a ceiling that is passed, and
    `ContentError` for anything else that is no XML, such as the empty content of a list item.
    """
    if not xml.strip():
        raise ContentError("the content is empty; documents in lists come without it")
    reader = _Reader()
    parse(xml, reader, limits=limits)
    return reader.content()


def uuid_in(text: str | None) -> str | None:
    """The UUID in a text such as `../images/UUID-…/size/hpr`."""
    found = _UUID.search(text or "")
    return found[0] if found else None


def uuids_in(text: str) -> set[str]:
    """Every UUID in a text, also in one that is no XML."""
    return set(_UUID.findall(text))


@dataclass
class _Pending:
    """A link whose text is still coming."""

    attributes: Mapping[str, str]
    place: Place
    text: str = ""


class _Reader:
    """Follows the stream of elements: the layout writes the text, this notes what the attributes say."""

    def __init__(self) -> None:
        self._layout = Layout()
        self._language: str | None = None
        self._open: list[_Pending | None] = []  # a link for each open element that is one
        self._inside: list[_Pending] = []  # those of them, innermost last
        self._links: list[_Pending] = []
        self._images: list[Image] = []
        self._reuse: list[Reuse] = []
        self._variables: list[Variable] = []
        self._anchors: set[str] = set()

    def content(self) -> Content:
        """What was read."""
        links = [found for pending in self._links if (found := _link(pending))]
        return Content(
            title=self._layout.title or "",
            language=self._language,
            text=str(self._layout),
            links=tuple(link for link in links if isinstance(link, Link)),
            images=tuple(self._images),
            cross_references=tuple(link for link in links if isinstance(link, CrossReference)),
            reuse=tuple(self._reuse),
            variables=tuple(self._variables),
            anchors=frozenset(self._anchors),
        )

    def start(self, element: Element) -> None:
        """An element begins."""
        if not self._open:
            self._language = element.attributes.get("xml:lang") or None
        self._open.append(self._note(element))
        self._layout.begin(element.name, element.namespace)

    def text(self, data: str) -> None:
        """Characters."""
        self._layout.write(data)
        if self._inside:
            link = self._inside[-1]
            link.text += data[: _LONGEST_TEXT - len(link.text)]

    def end(self) -> None:
        """The innermost element ends."""
        self._layout.end()
        if self._open.pop():
            self._inside.pop()

    def _note(self, element: Element) -> _Pending | None:
        """What the attributes say; a link if the element is one."""
        attributes = element.attributes
        if "xml:id" in attributes:
            self._anchors.add(attributes["xml:id"])
        if element.namespace == XINCLUDE:
            self._note_reuse(element)
            return None
        self._note_image(element)
        if attributes.get("xinfo:variable"):
            variable = Variable(attributes["xinfo:variable"], attributes.get("xinfo:varset"), element.place())
            self._variables.append(variable)
        if "xlink:href" not in attributes and "linkend" not in attributes:
            return None
        link = _Pending(attributes, element.place())
        self._links.append(link)
        self._inside.append(link)
        return link

    def _note_image(self, element: Element) -> None:
        image, fileref = element.attributes.get("xinfo:image"), element.attributes.get("fileref", "")
        if image or (fileref and element.name == "imagedata"):
            self._images.append(Image(uuid_in(image) or uuid_in(fileref), fileref or image or "", element.place()))

    def _note_reuse(self, element: Element) -> None:
        if element.name != "include":
            return
        href, _, fragment = element.attributes.get("href", "").strip().partition("#")
        resource = _RESOURCE.match(href)
        target = resource["target"] if resource else uuid_in(href) or href
        if target:
            anchor = element.attributes.get("xpointer") or fragment or None
            self._reuse.append(Reuse(target, anchor, element.place()))


def _link(pending: _Pending) -> Link | CrossReference | None:
    """The link that it turned out to be; None if it leads nowhere by its own account."""
    text = " ".join(pending.text.split())
    href = pending.attributes.get("xlink:href", "").strip()
    if not href:
        anchor = pending.attributes.get("linkend", "").strip()
        return CrossReference(None, anchor, text, pending.place) if anchor else None
    if href.startswith("#"):
        return CrossReference(None, href[1:] or None, text, pending.place)
    resource = _RESOURCE.match(href)
    if resource and resource["kind"] not in _NO_DOCUMENTS:
        return CrossReference(resource["target"], resource["anchor"], text, pending.place)
    uuid, _, anchor = href.partition("#")
    if _UUID.fullmatch(uuid):
        return CrossReference(uuid, anchor or None, text, pending.place)
    return Link(href, text, pending.place)
