"""Reads YAML the way definition files are meant: plain words as YAML 1.2 has them, no dates, nothing executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import yaml

from connectors.errors import DefinitionError

if TYPE_CHECKING:
    from yaml import SafeLoader as _Base
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DefinitionLoader(_Base):
    """A safe YAML loader that reads bare `on`, `yes`, `012` and `1:30` as YAML 1.2 does."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def get_single_node(self) -> yaml.Node | None:
        """The document's node. Raises ValueError before the parser, which is no Python, overflows its stack."""
        if sum(map(self._text.count, _OPENERS)) > _DEEPEST and _depth(self._text) > _DEEPEST:
            raise ValueError("it is nested too deeply")
        node: yaml.Node | None = super().get_single_node()
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge what `<<` names, each key once: merges of merges would multiply their keys otherwise."""
        merges = any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value)
        super().flatten_mapping(node)
        if merges:
            pairs = (
                (key.value if isinstance(key, yaml.ScalarNode) else id(key), (key, value)) for key, value in node.value
            )
            node.value = list(dict(pairs).values())


_MOST_PARTS = 1_000_000
_OPENERS = ("[", "{", "- ", "-\t", "? ", "-\n")  # one of them opens each level, or a longer indent does
_DEEPEST = 1000  # levels
UNREADABLE = (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError)  # of a loader


def _depth(text: str) -> int:
    """How deep collections are nested. Broken YAML counts up to where it breaks."""
    depth = deepest = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, _Base):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    return depth
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            deepest = max(deepest, depth)
    return deepest


def _construct_int(loader: DefinitionLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    unsigned = text.lstrip("+-").lower()
    return int(text, {"0x": 16, "0o": 8, "0b": 2}.get(unsigned[:2], 10))


_WORDS = (  # tag, what it looks like, characters it may begin with; the YAML 1.2 core schema and the merge key
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|[0-9]{1,300})", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
)
for _tag, _pattern, _first in _WORDS:
    DefinitionLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
DefinitionLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)


def load(text: str, source: str, first_line: int = 1) -> Any:
    """The value that this YAML text holds.

    `source` and `first_line` (the text's place in its file) are for the message of the DefinitionError
    that is raised when the text is not YAML.
    """
    try:
        value = yaml.load(text, DefinitionLoader)  # noqa: S506 - DefinitionLoader is a safe loader
        if "*" in text:  # only an alias can make a value larger than its text
            bound_size(value)
    except UNREADABLE as error:
        raise unreadable(error, source, first_line) from None
    return value


def bound_size(value: Any) -> None:
    """Refuse a value that contains itself, or that anchors blow up to more than a million parts.

    Raises ValueError.
    """
    if _size(value, {}) > _MOST_PARTS:
        raise ValueError("its anchors make it larger than a million values")


def _size(value: Any, known: dict[int, int | None]) -> int:
    if not isinstance(value, (Mapping, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = None
        parts = value.values() if isinstance(value, Mapping) else value
        known[id(value)] = 1 + sum(_size(part, known) for part in parts)
    size = known[id(value)]
    if size is None:
        raise ValueError("an anchor contains itself")
    return size


def unreadable(error: Exception, source: str, first_line: int = 1) -> DefinitionError:
    """The error that tells a person where a YAML text breaks, and why."""
    mark, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    at = mark or start
    line = first_line + (at.line if at else 0)
    begun = f" (in what begins in line {first_line + start.line})" if mark and start and start.line < mark.line else ""
    return DefinitionError(
        f"{source}, line {line}: this is not valid YAML: {_reason(error)}{begun}.", file=source, line=line
    )


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.YAMLError):
        if "nesting depth" in str(getattr(error, "problem", "")):  # newer libyaml has a ceiling of its own
            return "it is nested too deeply"
        return getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error) if isinstance(error, ValueError) else "a value does not fit its tag"
