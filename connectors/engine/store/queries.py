"""Named SQL: each `.sql` file of this folder holds queries with a name and a sentence."""

from __future__ import annotations

import re
from functools import cache, cached_property
from importlib import resources

from connectors.engine.store.dialect import postgres_query

_HEAD = re.compile(r"^-- name: (?P<name>[a-z_]+)\n(?P<says>(?:-- .*\n)+)", re.MULTILINE)


class Query(str):
    """A query in SQLite's words, which knows PostgreSQL's."""

    def __new__(cls, sqlite: str, postgres: str | None = None) -> Query:
        """`postgres` is given where translating word by word is not enough."""
        made = super().__new__(cls, sqlite)
        made._own = postgres
        return made

    _own: str | None

    @cached_property
    def postgres(self) -> str:
        """The same for psycopg."""
        return postgres_query(self if self._own is None else self._own)

    @cached_property
    def locking(self) -> Query:
        """The same, and nobody else changes those rows before this transaction ends.

        In SQLite one transaction writes at a time, so there is nothing to say.
        """
        return Query(self, (str(self) if self._own is None else self._own).rstrip("; \n") + " FOR UPDATE")


@cache
def queries(noun: str) -> dict[str, Query]:
    """The queries of `NOUN.sql` by name; `NOUN.postgres.sql` holds those that PostgreSQL says otherwise.

    Values are named `:name`, a list of texts is `json_each(:ids)` with its JSON, and `:rows` stands
    for many rows (`Session.execute_rows`).
    """
    own = _read(f"{noun}.postgres.sql")
    return {name: Query(sql, own.get(name)) for name, sql in _read(f"{noun}.sql").items()}


def _read(name: str) -> dict[str, str]:
    file = resources.files(__package__).joinpath(name)
    text = file.read_text("utf-8") if file.is_file() else ""
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {head["name"]: text[head.end() : end].strip() for head, end in zip(heads, ends, strict=False)}
