"""Reads a definition file with the line of everything in it, so that a problem can say where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from connectors.runtime.definition_yaml import UNREADABLE, DefinitionLoader, bound_size, unreadable

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Duplicate:
    """A key that comes a second time in one mapping."""

    path: Path
    line: int
    first_line: int


@dataclass(frozen=True)
class Lined:
    """A YAML value and where its parts stand."""

    value: Any
    lines: Mapping[Path, int]  # line of each key or list item, from 1
    duplicates: tuple[Duplicate, ...]

    def line(self, path: Sequence[str | int]) -> int:
        """The line of that part, or of the nearest part around it."""
        for length in range(len(path), 0, -1):
            if (line := self.lines.get(tuple(path[:length]))) is not None:
                return line
        return 1


def read(text: str, source: str, first_line: int = 1) -> Lined:
    """The value of a YAML text with its lines. Raises DefinitionError if it is not YAML."""
    loader = DefinitionLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Lined(None, {}, ())
        walk = _Walk(first_line)
        walk.visit(node, ())
        value = loader.construct_document(node)
        bound_size(value)
        return Lined(value, walk.lines, tuple(walk.duplicates))
    except UNREADABLE as error:
        raise unreadable(error, source, first_line) from None
    finally:
        loader.dispose()


@dataclass
class _Walk:
    first_line: int
    lines: dict[Path, int] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)  # nodes: an anchor's is walked once, which also ends circles

    def visit(self, node: yaml.Node, path: Path) -> None:
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.lines[(*path, index)] = self._line(item)
                self.visit(item, (*path, index))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> None:
        own: dict[str, int] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if key.tag == "tag:yaml.org,2002:merge":
                for merged in _merged(value):
                    self.visit(merged, path)
                continue
            line = self._line(key)
            if name in own:
                self.duplicates.append(Duplicate((*path, name), line, own[name]))
            own[name] = line
            self.lines[(*path, name)] = line
            self.visit(value, (*path, name))

    def _line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line) + self.first_line


def _merged(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    else:
        yield node
