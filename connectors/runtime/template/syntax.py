"""Parses a template into nodes, once. Only the template's own text is parsed, never a value.

The reference runtime works by passes of text replacement, in this order: functions one after the other,
then `||`, then plain placeholders. Some results look odd (`${base64(${base64(x)})}` encodes the inner
call's text) and definitions may lean on them, so the passes run here too, over the template alone: what
a pass has recognised becomes a node, which later passes cannot look into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from connectors.errors import DefinitionError


@dataclass(frozen=True)
class Text:
    """Stands for itself."""

    text: str


@dataclass(frozen=True)
class Placeholder:
    """`${name}`: a variable, or a form of now or random."""

    name: str


@dataclass(frozen=True)
class Call:
    """`${function(argument)}`; some functions have two arguments or more."""

    function: str
    arguments: tuple[Nodes, ...]
    otherwise: Nodes  # what the call's own text means where the function has no result


@dataclass(frozen=True)
class Choice:
    """`left || right`."""

    left: Nodes
    right: Nodes


Node: TypeAlias = Text | Placeholder | Call | Choice
Nodes: TypeAlias = tuple[Node, ...]

_FUNCTIONS = ("hmacSha1Hex", "awsSigV4", "base64", "fingerprint", "sha256Hex", "sha256Base64", "ed25519Sign")
"""In the order in which they are recognised."""
FUNCTIONS = frozenset(_FUNCTIONS)
_ACROSS_LINES = frozenset({"hmacSha1Hex", "awsSigV4", "ed25519Sign"})  # their arguments may hold line breaks
_ENGINE_S_ONLY = frozenset({"fingerprint"})
_CAN_FAIL = frozenset({"awsSigV4", "fingerprint", "ed25519Sign"})
_AWS_ARGUMENTS = (4, 5)
_NEWLINE = re.compile("[\n\r\u2028\u2029]")
_PLAIN = re.compile(r"\$\{([^{}]+)\}")
_CALLED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\(")
_MOMENT = re.compile(r"random|now(?:[:+-].*)?", re.DOTALL)
_NODE_BASE, _NODE_END = 0xF0000, 0x110000  # private characters, which stand for nodes between two passes


@lru_cache(maxsize=1024)
def placeholders(template: str) -> tuple[str, ...]:
    """Every variable the template names, in order, each once; also those in arguments and on either side of `||`."""
    names = (name for name in _PLAIN.findall(template) if not _MOMENT.fullmatch(name) and "(" not in name)
    return tuple(dict.fromkeys(names))


def functions(template: str) -> tuple[str, ...]:
    """Every function the template calls, in order, each once, known or not."""
    return tuple(dict.fromkeys(_CALLED.findall(template)))


@lru_cache(maxsize=1024)
def parse(template: str, *, choices: bool) -> Nodes:
    """The nodes of a template. `choices`: whether `||` separates alternatives (it does in engine O)."""
    return _Parser(template, choices).nodes()


class _Parser:
    def __init__(self, template: str, choices: bool) -> None:
        self._template = template
        self._choices = choices
        used = set(template)
        self._marks = (chr(code) for code in range(_NODE_BASE, _NODE_END) if chr(code) not in used)
        self._marked: dict[str, Node] = {}

    def nodes(self) -> Nodes:
        return self._parse(self._template)

    def _parse(self, text: str) -> Nodes:
        for function in _FUNCTIONS:
            text = self._mark_calls(text, function)
        if not self._choices or "||" not in text:
            return self._plain(text)
        left, right, *_ = text.split("||")
        return (Choice(self._plain(left.strip()), self._plain(right.strip())),)

    def _mark_calls(self, text: str, function: str) -> str:
        """The text with every call of the function replaced by a character that stands for it."""
        if self._choices and function in _ENGINE_S_ONLY:
            return text
        done: list[str] = []
        position = 0
        for start, end in _calls(text, "${" + function + "(", function in _ACROSS_LINES):
            arguments = _split(function, text[start + len(function) + 3 : end - 2])
            if arguments is None:
                continue
            nodes = tuple(self._parse(argument) for argument in arguments)
            call = Call(function, nodes, self._otherwise(function, text[start:end]))
            done += [text[position:start], self._mark(call)]
            position = end
        return "".join([*done, text[position:]])

    def _otherwise(self, function: str, text: str) -> Nodes:
        """A call without a result is text for the passes that follow."""
        if function not in _CAN_FAIL:
            return ()
        for later in _FUNCTIONS[_FUNCTIONS.index(function) + 1 :]:
            text = self._mark_calls(text, later)
        return self._plain(text)

    def _mark(self, node: Node) -> str:
        mark = next(self._marks, None)
        if mark is None:
            raise DefinitionError("A template calls more functions than any definition needs.")
        self._marked[mark] = node
        return mark

    def _plain(self, text: str) -> Nodes:
        found: list[Node] = []
        position = 0
        for match in _PLAIN.finditer(text):
            if any(mark in self._marked for mark in match[1]):
                continue  # a value must not choose which variable is read
            found += self._texts(text[position : match.start()])
            found.append(Placeholder(match[1]))
            position = match.end()
        return (*found, *self._texts(text[position:]))

    def _texts(self, text: str) -> Iterator[Node]:
        """The text, with the nodes in the places of their marks."""
        start = 0
        for index, character in enumerate(text):
            if character in self._marked:
                yield from _text(text[start:index])
                yield self._marked[character]
                start = index + 1
        yield from _text(text[start:])


def _text(text: str) -> Sequence[Text]:
    return (Text(text),) if text else ()


def _split(function: str, text: str) -> list[str] | None:
    """The arguments of a call; None if they are not as many as it takes."""
    if function == "awsSigV4":
        parts = list(_between_commas(text))
        return parts if len(parts) in _AWS_ARGUMENTS else None
    if function not in ("hmacSha1Hex", "ed25519Sign"):
        return [text]
    message, comma, key = text.rpartition(",")
    return [message, key.strip()] if comma else None


def _between_commas(text: str) -> Iterator[str]:
    """The parts between commas that are in no parentheses."""
    depth, start = 0, 0
    for index, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    yield text[start:].strip()


def _calls(text: str, opening: str, lines: bool) -> Iterator[tuple[int, int]]:
    """Where calls begin and end: from the opening to the first `)}` behind it, without overlap."""
    start, close = text.find(opening), -1
    while start >= 0:
        begin = start + len(opening)
        if close < begin:
            close = text.find(")}", begin)
        if close < 0:
            return
        if lines or not _NEWLINE.search(text, begin, close):
            yield start, close + 2
            begin = close + 2
        start = text.find(opening, begin)
