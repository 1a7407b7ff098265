"""One file of provider definitions: which entries it has, and one entry without parsing the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime.definition_yaml import load

# A line that begins at the margin and is neither blank nor a comment.
_MARGIN = re.compile(r"\n([^\s#][^\n]*)")
_KEY = re.compile(r"([A-Za-z0-9_-]+):(?=\s|\Z)")
# What an anchor or an alias of YAML looks like; a text that only resembles one costs speed, nothing else.
# Written so that the search runs from one sign to the next.
_ANCHORS = (re.compile(r"&(?<=[\s\[{,]&)[^\s&]"), re.compile(r"\*(?<=[\s\[{,]\*)[^\s*]"))


@dataclass(frozen=True)
class Entry:
    """One definition as it stands in its file, before aliases."""

    name: str
    definition: Mapping[str, Any]
    line: int  # of its key, from 1
    position: int  # among the entries of its file
    source: str  # the file's name


def merged(entry: Entry, find: Callable[[str], Entry | None]) -> dict[str, Any]:
    """The entry on top of what it is an alias of (the reference runtime's rule, docs/compatibility.md).

    `find` gives the entry of a name. The overlay is shallow.
    Entries are merged in the order of their file: a target further down is taken as it is written,
    alias key and all. A target that exists nowhere gives nothing.
    """
    layers: list[Mapping[str, Any]] = []
    while target := entry.definition.get("alias"):
        layers.append({key: value for key, value in entry.definition.items() if key != "alias"})
        found = find(str(target))
        if found is None:
            break
        if found.source == entry.source and found.position >= entry.position:
            layers.append(found.definition)
            break
        entry = found
    else:
        layers.append(entry.definition)
    result: dict[str, Any] = {}
    for layer in reversed(layers):
        result |= layer
    return result


class DefinitionFile:
    """A file of definitions, read at the first question.

    Entries are found by one pass over the lines at the margin, and only the entry asked for is
    parsed. A file with anchors, or in another layout than `name:` at the margin, is parsed whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._entries: dict[str, Entry | None] = {}

    def names(self) -> list[str]:
        """The names in the order of the file."""
        return list(self._slices if self._slices is not None else self._whole)

    def find(self, name: str) -> Entry | None:
        """The entry of that name, or None. Raises DefinitionError if the entry, or the file, is broken."""
        if name not in self._entries:
            self._entries[name] = self._read(name)
        return self._entries[name]

    def _read(self, name: str) -> Entry | None:
        if self._slices is None:
            return self._from_whole(name)
        if name not in self._slices:
            return None
        position, start, end = self._slices[name]
        line = self.text.count("\n", 0, start) + 1
        definition = load(self.text[start:end], self.name, line)
        return self._entry(name, next(iter(definition.values())), line, position)

    def _from_whole(self, name: str) -> Entry | None:
        if name not in self._whole:
            return None
        found = re.search(rf"^[\"']?{re.escape(name)}[\"']?\s*:", self.text, re.MULTILINE)
        line = self.text.count("\n", 0, found.start()) + 1 if found else 1
        return self._entry(name, self._whole[name], line, list(self._whole).index(name))

    def _entry(self, name: str, definition: Any, line: int, position: int) -> Entry:
        if not isinstance(definition, Mapping):
            raise DefinitionError(
                f"{self.name}, line {line}: the definition of {name} has to be a mapping.", file=self.name, line=line
            )
        return Entry(name, definition, line, position, self.name)

    def pieces(self) -> Iterator[tuple[str, int, str]]:
        """Name, first line and text of each entry; nothing if the layout does not tell entries apart."""
        for start, end in self._bounds or ():
            name, _, _ = self.text[start:end].partition(":")
            yield name, self.text.count("\n", 0, start) + 1, self.text[start:end]

    @cached_property
    def text(self) -> str:
        """The file's text. Raises DefinitionError if it cannot be read."""
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise DefinitionError(
                f"The definitions in {self.name} cannot be read: {error.strerror or error}.",
                next_step="Check the path and its permissions.",
                file=self.name,
            ) from None
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise DefinitionError(
                f"{self.name}, line {line}: the file is not UTF-8 text.",
                next_step="Save the file as UTF-8.",
                file=self.name,
                line=line,
            ) from None
        return text

    @cached_property
    def _slices(self) -> dict[str, tuple[int, int, int]] | None:
        """Each name with its position and where its text begins and ends; None: parse the file whole."""
        if self._bounds is None:
            return None
        names = (self.text[start : self.text.index(":", start)] for start, _ in self._bounds)
        # A name that comes twice counts as written last, as in a file that is parsed whole.
        return {name: (index, *self._bounds[index]) for index, name in enumerate(names)}

    @cached_property
    def _bounds(self) -> list[tuple[int, int]] | None:
        """Where each entry begins and ends; None if the layout does not tell them apart."""
        text = "\n" + self.text
        if any(anchor.search(text) for anchor in _ANCHORS):
            return None
        found = [(match.start(), match[1]) for match in _MARGIN.finditer(text)]
        if not found or not all(_KEY.match(line) for _, line in found):
            return None
        starts = [start for start, _ in found]
        return list(zip(starts, [*starts[1:], len(self.text)], strict=True))

    @cached_property
    def _whole(self) -> Mapping[str, Any]:
        content = load(self.text, self.name)
        if content is None:
            return {}
        if not isinstance(content, Mapping):
            raise DefinitionError(
                f"{self.name}: a file of definitions is a mapping from provider names to definitions.",
                file=self.name,
                line=1,
            )
        return {str(name): definition for name, definition in content.items()}
