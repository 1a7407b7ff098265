"""Named SQL: each `.sql` file of this folder holds queries with a name and a sentence."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_HEAD = re.compile(r"^-- name: (?P<name>[a-z_]+)\n(?P<says>(?:-- .*\n)+)", re.MULTILINE)


@cache
def queries(noun: str) -> dict[str, str]:
    """The queries of `NOUN.sql` by name. A `:rows` in a query stands for a multi-row VALUES list."""
    text = resources.files(__package__).joinpath(f"{noun}.sql").read_text("utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {head["name"]: text[head.end() : end].strip() for head, end in zip(heads, ends, strict=True)}


def rows(query: str, count: int, width: int) -> str:
    """The query with `:rows` written out as `count` groups of `width` question marks."""
    group = "(" + ", ".join("?" * width) + ")"
    return query.replace(":rows", ", ".join([group] * count))
