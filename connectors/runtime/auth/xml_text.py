"""XML bodies of token requests and answers, as trees of mappings. Nothing in them is looked up outside (no DTD)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from connectors.errors import InputError
from connectors.runtime.scalars import text_of

_ATTRIBUTE = "$"  # begins the name of an attribute in a definition
_READ_ATTRIBUTE = "@_"  # and in what is read; the paths of definitions rely on it
_TEXT = "#text"
_QUOTES = {'"': "&quot;", "'": "&apos;"}
_DEEPEST = 200
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})\Z")
_FRACTION = re.compile(r"-?(?:0|[1-9]\d{0,9})\.\d{0,4}[1-9]\Z")


class NotXml(ValueError):
    """A text that is no XML, has a document type declaration, or goes too deep."""


def write(tree: Mapping[str, Any]) -> str:
    """Elements in the order of the keys, indented by two blanks, with a line break at the end.

    A key with `$` in front is an attribute, `#text` the element's own text; a list repeats the element.
    Raises InputError for a sign that XML cannot hold.
    """
    return whole("".join(line for name, value in tree.items() for line in _element(name, value, "")))


def whole(text: str) -> str:
    """The same text. Raises InputError if it holds a sign that XML cannot hold in any form, e.g. NUL."""
    if _FORBIDDEN.search(text):
        raise InputError("A value holds a control character, which cannot be sent as XML.")
    return text


def read(text: str) -> dict[str, Any]:
    """The root element under its name.

    An element without children is its text, trimmed, a number if it is one that comes back the same
    when written, or a flag; with children it is a mapping, in which attributes are `@_name` and its own
    text `#text`. An element that comes more than once is a list. Raises NotXml.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(text.lstrip("\ufeff \t\r\n"), True)
    except expat.ExpatError as error:
        raise NotXml(f"The text is no XML: {error.args[0]}.") from None
    return reader.root


def _element(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _element(name, item, indent)
        return
    inner = value if isinstance(value, Mapping) else {_TEXT: value}
    attributes = "".join(f' {key[1:]}="{_escaped(item)}"' for key, item in inner.items() if key.startswith(_ATTRIBUTE))
    children = [(key, item) for key, item in inner.items() if key[:1] != _ATTRIBUTE and key != _TEXT]
    text = _escaped(inner.get(_TEXT, ""))
    if not children:
        yield f"{indent}<{name}{attributes}>{text}</{name}>\n"
        return
    yield f"{indent}<{name}{attributes}>{text}\n"
    for key, item in children:
        yield from _element(key, item, indent + "  ")
    yield f"{indent}</{name}>\n"


def _escaped(value: Any) -> str:
    return escape(text_of(value) or "", _QUOTES)


class _Reader:
    """What the parser tells, put together."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[tuple[dict[str, Any], list[str]]] = [(self.root, [])]
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_: Any) -> None:
        raise NotXml("The XML has a document type declaration, which is not read.")

    def _start(self, _: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise NotXml("The XML goes too deep.")
        self._open.append(({_READ_ATTRIBUTE + key: value for key, value in attributes.items()}, []))

    def _text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _end(self, name: str) -> None:
        content, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = content or _scalar(text)
        if content and text:
            content[_TEXT] = _scalar(text)
        siblings = self._open[-1][0]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def _scalar(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.match(text) and text != "-0":
        return int(text)
    return float(text) if _FRACTION.match(text) else text
