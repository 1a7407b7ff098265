"""The form's words: one JSON file per language in `languages/`, which is all that a new language needs.

A file holds `name`, `words` (our sentences; every file has the same keys, with the same places in them) and
`texts` (what definitions say in English, as far as it was translated).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

DEFAULT = "en"
_ACCEPTED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,20})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*")
_MOST_ACCEPTED = 20


@dataclass(frozen=True)
class Language:
    """One language."""

    code: str  # ISO 639-1
    name: str  # in itself
    words: Mapping[str, str]
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """A sentence of ours, with the values in their places."""
        return self.words[key].format_map(values)

    def text(self, english: str) -> str:
        """What a definition says, in this language if somebody has translated it."""
        return self.texts.get(english, english)

    def lang(self, english: str) -> str | None:
        """What a reader has to be told about the language of such a text; None: it is the page's."""
        return None if self.code == DEFAULT or not english or english in self.texts else DEFAULT


def languages() -> tuple[str, ...]:
    """The codes of all languages."""
    files = resources.files(__package__).joinpath("languages").iterdir()
    return tuple(sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json")))


@cache
def language(code: str) -> Language:
    """The language of that code, which there has to be."""
    file = resources.files(__package__).joinpath("languages", f"{code}.json")
    found = json.loads(file.read_text("utf-8"))
    return Language(code, found["name"], found["words"], found["texts"])


def chosen(asked: str, accepted: str) -> Language:
    """The language that a page asks for (`de`, `de-AT`), else the browser's (Accept-Language), else English."""
    wanted = [asked.partition("-")[0].lower(), *_by_preference(accepted)]
    there = languages()
    return language(next((code for code in wanted if code in there), DEFAULT))


def _by_preference(accepted: str) -> list[str]:
    found = (_ACCEPTED.fullmatch(part) for part in accepted.split(",")[:_MOST_ACCEPTED])
    weighed = [(float(match[2] or 1), match[1].lower()) for match in found if match]
    return [code for weight, code in sorted(weighed, key=lambda each: -each[0]) if weight > 0]
