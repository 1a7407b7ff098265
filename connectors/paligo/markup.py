"""XML as a stream of elements. What no document needs is refused, and everything has a ceiling.

`xml.parsers.expat` reads it, without a tree in memory. DOCTYPE and entity declarations are refused
outright, so no entity can grow, and none can name a file or an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol
from xml.parsers import expat

from connectors import ContentError, UnsafeXml

DOCBOOK = "http://docbook.org/ns/docbook"
XINCLUDE = "http://www.w3.org/2001/XInclude"
_PREFIXES = {
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://ns.expertinfo.se/cms/xmlns/1.0": "xinfo",
    "http://ns.expertinfo.se/translation/xmlns/1.0": "t",
}
_LONGEST_NAMESPACE = 200  # characters; expat repeats it in every name
_LONGEST_STEP = 60  # characters of a name that a place shows
_LONGEST_PATH = 300  # characters of a place; a hostile document has as many places as links, all of them kept
_BETWEEN_LOOKS = 256  # starts and ends of elements between two looks at the clock


@dataclass(frozen=True)
class Limits:
    """The ceilings. A document of a thousand pages stays far below them."""

    size: int = 16 * 1024 * 1024  # bytes of UTF-8
    depth: int = 200  # elements inside one another
    elements: int = 1_000_000
    attributes: int = 100  # of one element
    seconds: float = 10.0


@dataclass(frozen=True)
class Place:
    """Where something stands in a document."""

    line: int  # from 1
    path: str  # as /section/section[2]/para[1]; each number counts the siblings of that name. Cut in front if long

    def __str__(self) -> str:
        return f"{self.path} (line {self.line})"


@dataclass(frozen=True)
class Element:
    """The start of an element."""

    name: str  # without namespace
    namespace: str  # its address; "" for none
    attributes: Mapping[str, str]  # xml:id, xlink:href, xinfo:text, …; of an unknown namespace "{address}name"
    place: Callable[[], Place]  # only good until the next element starts


class Visitor(Protocol):
    """What follows the stream."""

    def start(self, element: Element) -> None:
        """An element begins."""

    def text(self, data: str) -> None:
        """Characters; one text may come in several parts."""

    def end(self) -> None:
        """The innermost element ends."""


def parse(xml: str, visitor: Visitor, *, limits: Limits | None = None) -> None:
    """Stream the document to the visitor.

    Raises `UnsafeXml` for a DOCTYPE, an entity declaration or a ceiling that is passed, and
    `ContentError` for text that is not well-formed XML with declared prefixes.
    """
    try:
        content = xml.encode("utf-8")
    except UnicodeEncodeError:
        raise ContentError("the XML holds half a character, which no encoding can write") from None
    limits = limits or Limits()
    if len(content) > limits.size:
        raise UnsafeXml(f"the XML has {len(content):,} bytes; at most {limits.size:,} are read")
    # The text is decoded already, so whatever encoding its declaration names does not count.
    parser = expat.ParserCreate("utf-8", " ")
    stream = _Stream(parser, visitor, limits)
    stream.listen()
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, "not well-formed")
        raise ContentError(
            f"this is not XML that can be read: {what} at line {error.lineno}, column {error.offset}",
            line=error.lineno,
            column=error.offset,
        ) from None
    finally:
        stream.let_go()


@dataclass
class _Level:
    """An open element."""

    step: str  # its part of the path
    children: dict[str, int] = field(default_factory=dict)  # how many of each name began so far


class _Stream:
    """Turns what expat calls into elements, and counts."""

    def __init__(self, parser: expat.XMLParserType, visitor: Visitor, limits: Limits) -> None:
        self._parser = parser
        self._visitor = visitor
        self._limits = limits
        self._levels = [_Level("")]
        self._elements = 0
        self._events = 0
        self._latest = time.monotonic() + limits.seconds

    def listen(self) -> None:
        """Have expat call this object."""
        parser = self._parser
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.EntityDeclHandler = self._refuse_entity
        parser.ExternalEntityRefHandler = self._refuse_entity
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def let_go(self) -> None:
        """Forget the parser's handlers: they refer to what refers to the parser, and would keep the text alive."""
        parser = self._parser
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = None
        parser.StartNamespaceDeclHandler = parser.StartElementHandler = parser.EndElementHandler = None
        parser.CharacterDataHandler = None

    def _refuse_doctype(self, *_: Any) -> None:
        self._refuse("it has a DOCTYPE")

    def _refuse_entity(self, *_: Any) -> NoReturn:
        self._refuse("it declares an entity")

    def _refuse(self, why: str) -> NoReturn:
        line = self._parser.CurrentLineNumber
        raise UnsafeXml(f"this XML is not read: {why} (line {line})", line=line)

    def _namespace(self, prefix: str | None, address: str | None) -> None:
        del prefix
        if address and len(address) > _LONGEST_NAMESPACE:
            self._refuse(f"the name of a namespace has {len(address):,} characters")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count(attributes)
        namespace, _, local = name.rpartition(" ")
        above = self._levels[-1]
        number = above.children[local] = above.children.get(local, 0) + 1
        step = f"/{local[:_LONGEST_STEP]}"
        self._levels.append(_Level(step if len(self._levels) == 1 else f"{step}[{number}]"))
        self._visitor.start(Element(local, namespace, _short(attributes), self._place))

    def _end(self, name: str) -> None:
        del name
        self._look()
        self._levels.pop()
        self._visitor.end()

    def _text(self, data: str) -> None:
        self._visitor.text(data)

    def _count(self, attributes: dict[str, str]) -> None:
        limits = self._limits
        self._elements += 1
        if len(self._levels) > limits.depth:
            self._refuse(f"elements lie more than {limits.depth} deep in one another")
        if len(attributes) > limits.attributes:
            self._refuse(f"an element has more than {limits.attributes} attributes")
        if self._elements > limits.elements:
            self._refuse(f"it has more than {limits.elements:,} elements")
        self._look()

    def _look(self) -> None:
        self._events += 1
        if self._events % _BETWEEN_LOOKS == 0 and time.monotonic() > self._latest:
            self._refuse(f"reading it takes longer than {self._limits.seconds:g} seconds")

    def _place(self) -> Place:
        path = "".join(level.step for level in self._levels)
        shown = path if len(path) <= _LONGEST_PATH else f"...{path[-_LONGEST_PATH:]}"
        return Place(self._parser.CurrentLineNumber, shown)


def _short(attributes: dict[str, str]) -> dict[str, str]:
    """The attributes under the prefixes that everybody writes, whichever the document chose."""
    found = {}
    for name, value in attributes.items():
        namespace, _, local = name.rpartition(" ")
        prefix = _PREFIXES.get(namespace)
        known = f"{prefix}:{local}" if prefix else f"{{{namespace}}}{local}"
        found[known if namespace else local] = value
    return found
