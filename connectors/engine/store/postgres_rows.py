"""Rows of PostgreSQL as those of SQLite are: by name, by place, and a dict when one is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from psycopg import Cursor


class NamedRow(tuple[Any, ...]):
    """A row with the names of its columns."""

    __slots__ = ()
    _places: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        """The value of a column, by its name or place."""
        return super().__getitem__(self._places[key] if isinstance(key, str) else key)

    def keys(self) -> Iterable[str]:
        """The names of the columns."""
        return self._places.keys()


def named_rows(cursor: Cursor[Any]) -> type[NamedRow]:
    """The row factory of psycopg."""
    columns = cursor.description
    return _of(tuple(column.name for column in columns or ()))


@cache
def _of(names: Sequence[str]) -> type[NamedRow]:
    places = {name: place for place, name in enumerate(names)}
    return type("NamedRow", (NamedRow,), {"_places": places, "__slots__": ()})
