"""Checks a file of definitions and names every problem with its line; writes definitions out for other tools."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from jsonschema import Draft202012Validator

from connectors import data
from connectors.errors import DefinitionError
from connectors.runtime import definition_lines, definition_rules, definition_words
from connectors.runtime.catalog import Catalog
from connectors.runtime.definition_file import DefinitionFile, Entry, merged
from connectors.runtime.definition_lines import Lined
from connectors.runtime.definition_words import Wording

_OWN_KEYS = ("rate_limits",)
_OWN_PAGINATE_KEYS = ("resend_params",)


@dataclass(frozen=True)
class Finding:
    """One problem of a definition file."""

    line: int  # from 1
    path: str  # e.g. "paligo.proxy.base_url"
    message: str
    severity: Literal["error", "warning"] = "error"  # a warning: it loads, but hardly as meant
    next_step: str | None = None


def check_file(path: Path | str) -> list[Finding]:
    """Every problem of the file, in the order of its lines. An empty list: none.

    An entry that is not YAML does not hide the problems of the others. Raises DefinitionError only
    if the file cannot be read.
    """
    file = DefinitionFile(Path(path))
    return sorted(set(_findings(file)), key=lambda finding: (finding.line, finding.path, finding.message))


def export(catalog: Catalog, name: str | None = None) -> str:
    """Definitions as YAML that other readers of this format take: without our extension keys.

    `name` limits it to one provider. Aliases are written out. Raises UnknownProvider or DefinitionError.
    """
    names = [name] if name is not None else catalog.names()
    definitions = {one: _plain(catalog.get(one).definition) for one in names}
    return yaml.dump(definitions, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, indent=4)


class _Dumper(yaml.SafeDumper):
    """Repeats a value instead of pointing at it, so that each entry can be read by itself."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _plain(definition: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in definition.items() if key not in _OWN_KEYS}
    proxy = plain.get("proxy")
    if isinstance(proxy, Mapping) and isinstance(proxy.get("paginate"), Mapping):
        paginate = {key: value for key, value in proxy["paginate"].items() if key not in _OWN_PAGINATE_KEYS}
        plain["proxy"] = {**proxy, "paginate": paginate}
    return plain


def _findings(file: DefinitionFile) -> Iterator[Finding]:
    try:
        parts = [definition_lines.read(file.text, file.name)]
    except DefinitionError as error:
        parts = []
        broken = list(_read_slices(file, parts))
        yield from broken or [_unreadable(error, file)]
    values: list[dict[str, Any]] = []
    for part in parts:
        if part.value is not None and not isinstance(part.value, Mapping):
            yield Finding(1, "", "A file of definitions is a mapping from provider names to definitions.")
            return
        values.append(_with_text_keys(part.value or {}))
    definitions = {name: entry for value in values for name, entry in value.items()}
    entries = {
        name: Entry(name, definition, 0, position, file.name)
        for position, (name, definition) in enumerate(definitions.items())
        if isinstance(definition, Mapping)
    }
    for part, value in zip(parts, values, strict=True):
        yield from _part_findings(part, value, entries)


def _read_slices(file: DefinitionFile, parts: list[Lined]) -> Iterator[Finding]:
    """Reads entry by entry; gives the findings of the broken ones."""
    for name, line, text in file.pieces():
        try:
            parts.append(definition_lines.read(text, file.name, line))
        except DefinitionError as error:
            yield _unreadable(error, file, name)


def _unreadable(error: DefinitionError, file: DefinitionFile, path: str = "") -> Finding:
    line = int(error.facts.get("line") or 1)
    reason = error.message.removeprefix(f"{file.name}, line {line}: ")
    return Finding(
        line, path, reason[:1].upper() + reason[1:], next_step="Mind the indentation and quote special signs."
    )


def _part_findings(part: Lined, value: Mapping[str, Any], entries: Mapping[str, Entry]) -> Iterator[Finding]:
    for duplicate in part.duplicates:
        message = f"The key comes twice; the first one, in line {duplicate.first_line}, is lost."
        yield Finding(duplicate.line, _dotted(duplicate.path), message, next_step="Keep one of them.")
    for error in _validator().iter_errors(value):
        for wording in definition_words.word(error):
            yield _finding(part, wording)
    for name in value:
        if name in entries:
            for wording in (*_alias_problems(entries[name], entries), *_rule_problems(entries[name], entries)):
                yield _finding(part, replace(wording, path=(name, *wording.path)))


def _finding(part: Lined, wording: Wording) -> Finding:
    return Finding(part.line(wording.path), _dotted(wording.path), wording.message, wording.severity, wording.next_step)


def _rule_problems(entry: Entry, entries: Mapping[str, Entry]) -> Iterator[Wording]:
    whole = merged(entry, entries.get)
    yield from definition_rules.problems(entry.definition, whole)


def _alias_problems(entry: Entry, entries: Mapping[str, Entry]) -> Iterator[Wording]:
    name = entry.definition.get("alias")
    if not name:
        return
    target = entries.get(str(name))
    if target is None:
        close = difflib.get_close_matches(str(name), entries, n=1)
        hint = f"Did you mean {close[0]}?" if close else "Name an entry of this file, or give all keys here."
        yield Wording(("alias",), f"There is no entry {name} in this file.", "error", hint)
    elif target.position >= entry.position and target.definition.get("alias"):
        message = f"{name} is an alias itself and stands further down, so only its own keys are taken."
        yield Wording(("alias",), message, "warning", f"Move {name} above {entry.name}.")


def _with_text_keys(value: Any) -> Any:
    """The value with every key as text: a schema knows no others."""
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    schema = json.loads((data.root() / "schemas" / "provider.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _dotted(path: tuple[str | int, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
