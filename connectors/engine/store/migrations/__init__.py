"""The schema in numbered steps: written for SQLite, translated for PostgreSQL unless it has its own file."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from importlib import resources
from typing import Literal

from connectors.engine.store.dialect import postgres_schema


def migrations(store: Literal["sqlite", "postgres"] = "sqlite") -> dict[int, str]:
    """The SQL of every migration by its number."""
    scripts = _scripts("sqlite")
    if store == "sqlite":
        return scripts
    return {number: postgres_schema(script) for number, script in scripts.items()} | _scripts("postgres")


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one after the other."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _scripts(store: str) -> dict[int, str]:
    folder = resources.files(__package__).joinpath(store)
    if not folder.is_dir():
        return {}
    return {int(file.name[:4]): file.read_text("utf-8") for file in folder.iterdir() if re.match(r"\d{4}_", file.name)}
