"""What of an account is wanted: `folders`, `languages` and `subtypes` in the connection's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from connectors import ConfigError, Problem

SUBTYPES = (
    "publication",
    "component",
    "informaltopic",
    "appendix",
    "danger",
    "warning",
    "caution",
    "notice",
    "note",
    "important",
    "tip",
    "custom",
)
_MOST = 1_000  # values of one filter
_FOLDER = re.compile(r"[1-9][0-9]{0,17}|UUID-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_RULES = {  # name → title, what a value looks like, and that in words
    "folders": ("Folders", _FOLDER, "folder ids or UUIDs, such as 317"),
    "languages": ("Languages", _LANGUAGE, "language codes, such as en or pt-BR"),
    "subtypes": ("Subtypes", re.compile("|".join(SUBTYPES)), f"subtypes, which are {', '.join(SUBTYPES)}"),
}


@dataclass(frozen=True)
class Scope:
    """Filters; an empty one lets everything through."""

    folders: tuple[str, ...] = ()  # ids or UUIDs: only what lies in or below these
    languages: frozenset[str] = frozenset()  # only documents that exist in one of these
    subtypes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Self:
        """The scope that the metadata describe. Raises `ConfigError` with all problems."""
        problems = check(metadata)
        if problems:
            raise ConfigError(problems=problems, next_step="Correct these names in the connection's metadata.")
        folders, languages, subtypes = (
            dict.fromkeys(_normal(name, value) for value in _values(metadata.get(name))) for name in _RULES
        )
        return cls(tuple(folders), frozenset(languages), frozenset(subtypes))

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.folders or self.languages or self.subtypes)

    def takes(self, document: Mapping[str, Any]) -> bool:
        """Whether a document has a wanted language and subtype, as far as it says so."""
        subtype = document.get("subtype")
        if self.subtypes and subtype and subtype not in self.subtypes:
            return False
        languages = _languages_of(document)
        return not self.languages or not languages or not self.languages.isdisjoint(languages)


def check(metadata: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the scope in a connection's metadata."""
    problems = []
    for name, (title, pattern, words) in _RULES.items():
        values = _values(metadata.get(name))
        wrong = [value for value in values if not _is_plain(value) or not pattern.fullmatch(_normal(name, value))]
        if wrong:
            shown = ", ".join(repr(value)[:60] for value in wrong[:3])
            problems.append(Problem("metadata", name, title, f"must be a list of {words}; {shown} is none"))
        elif len(values) > _MOST:
            problems.append(Problem("metadata", name, title, f"must be a list of at most {_MOST} values"))
        elif not values and metadata.get(name) not in (None, ""):
            problems.append(Problem("metadata", name, title, "is empty; leave it out to take everything"))
    return problems


def _values(given: Any) -> list[Any]:
    """A list; one value, or several in a text with commas, are a list too."""
    if given is None or given == "":
        return []
    if isinstance(given, str):
        return [text.strip() for text in given.split(",")]
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _normal(name: str, value: Any) -> str:
    """One way to write it: UUIDs and codes are compared as text."""
    text = str(value).strip().lower()
    if name == "folders":
        return text.replace("uuid-", "UUID-", 1)
    return text.replace("_", "-") if name == "languages" else text


def _languages_of(document: Mapping[str, Any]) -> set[str]:
    """The codes of a document; some answers hold the list as JSON text."""
    languages = document.get("languages")
    if isinstance(languages, str):
        try:
            languages = json.loads(languages)
        except ValueError:
            languages = None
    return {_normal("languages", code) for code in languages} if isinstance(languages, list) else set()
