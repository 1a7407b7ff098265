"""Queries and schemas are written for SQLite; the same in PostgreSQL's words.

A query that says something PostgreSQL says otherwise stands once more, under the same name, in
`NOUN.postgres.sql`; those that lie here are the differences that every query may have.
"""

from __future__ import annotations

import re

# A piece of text, a comment, or what is translated: a named value, a place, a per cent sign, a list in JSON.
_WORDS = re.compile(
    r"(?P<kept>'(?:[^']|'')*'|--[^\n]*)|(?<![:\w]):(?P<name>[a-z_]+)(?P<null> IS NULL\b)?"
    r"|(?P<place>\?)|(?P<percent>%)|\bjson_each\(:(?P<list>[a-z_]+)\)"
)
_TYPES = {"REAL": "double precision", "BLOB": "bytea", "INTEGER": "bigint", "TEXT": 'text COLLATE "C"'}
_IDENTITY = re.compile(r"\bINTEGER NOT NULL PRIMARY KEY AUTOINCREMENT\b")
_TABLE_OPTIONS = re.compile(r"\)\s*(?:STRICT|WITHOUT ROWID)(?:\s*,\s*(?:STRICT|WITHOUT ROWID))*\s*;")
_COMMENT = re.compile(r"--[^\n]*")


def postgres_query(sql: str) -> str:
    """A query with psycopg's names for its values; `json_each(:ids)` is a list of texts."""
    return _WORDS.sub(_word, sql)


def postgres_schema(script: str) -> str:
    """A migration with PostgreSQL's types. Texts are ordered by their characters, as SQLite does."""
    script = _TABLE_OPTIONS.sub(");", _COMMENT.sub("", script))
    script = _IDENTITY.sub("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", script)
    return re.sub(r"\b(REAL|BLOB|INTEGER|TEXT)\b", lambda found: _TYPES[found[0]], script)


def _word(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"].replace("%", "%%")
    if found["name"]:
        # A value that may be NULL and is first asked about has to say what it is; a number says so itself.
        return f"CAST(%({found['name']})s AS text) IS NULL" if found["null"] else f"%({found['name']})s"
    if found["place"]:
        return "%s"
    return "%%" if found["percent"] else f"json_array_elements_text(CAST(%({found['list']})s AS json))"
