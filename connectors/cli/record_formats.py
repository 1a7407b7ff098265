"""Records as a table, as JSON lines, as CSV. Each is written as it comes: memory does not grow with their number."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Protocol

import click

from connectors.cli.table import cells, line, line_width
from connectors.cli.terminal import is_terminal, json_text, moment, plain, say, tell


class Shown(Protocol):
    """What can be printed: a stored record, or a finding."""

    def to_dict(self) -> dict[str, Any]:
        """It as plain data."""


Writer = Callable[[Iterable[Shown], "Look"], None]

_SAMPLE = 100  # records that decide how a table looks
_WIDEST = 40  # places of a column
_LONG = 80  # characters from which a text is no use in a table
_NARROW = 24  # places of a column that comes before wider ones
_OLDEST, _NEWEST = 10**8, 10**10  # whole numbers that are taken for Unix seconds in a field called …_at
_FIRST = ("id", "name", "title", "modified_at", "updated_at")
_LAST = ("_metadata.last_action", "_metadata.last_modified_at", "_metadata.deleted_at")
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 ]*(?:[.,][0-9]+)?\Z")


@dataclass(frozen=True)
class Look:
    """What is shown of each record."""

    known: tuple[str, ...]  # fields that the model's schema names, in its order
    chosen: tuple[str, ...] = ()  # fields that the caller wants; empty: the format's own choice
    deleted: bool = False  # whether deleted records come too


def writer(form: str) -> Writer:
    """What prints records in a format."""
    return {"table": _table, "jsonl": _lines, "csv": _csv}[form]


def value_at(record: Mapping[str, Any], name: str) -> Any:
    """A field's value; `a.b` is looked up as a name first, then as a field of a field. None if it is not there."""
    if name in record:
        return record[name]
    head, _, rest = name.partition(".")
    inner = record.get(head)
    return value_at(inner, rest) if rest and isinstance(inner, Mapping) else None


def _lines(records: Iterable[Shown], look: Look) -> None:
    for record in records:
        data = record.to_dict()
        click.echo(json_text({name: value_at(data, name) for name in look.chosen} if look.chosen else data))


def _csv(records: Iterable[Shown], look: Look) -> None:
    rows = (record.to_dict() for record in records)
    sample = list(islice(rows, _SAMPLE))
    columns = look.chosen or (*_names(sample, look), *_LAST)
    clean = plain if is_terminal(sys.stdout) else str
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([clean(_cell(name)) for name in columns])
    for row in chain(sample, rows):
        out.writerow([clean(_cell(value_at(row, name))) for name in columns])


def _cell(value: Any) -> str:
    """A value for a spreadsheet. Text that would be taken for a formula gets a quote in front."""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) and not _NUMBER.match(value) else value
    if value is None:
        return ""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else json_text(value)


def _table(records: Iterable[Shown], look: Look) -> None:
    rows = (record.to_dict() for record in records)
    sample = list(islice(rows, _SAMPLE))
    if not sample:
        tell("No records.")
        return
    columns = look.chosen or _useful(sample, look)
    widths = [_width(name, sample) for name in columns]
    headings = [name.removeprefix("_metadata.") for name in columns]
    right = [all(_is_number(value_at(row, name)) for row in sample) and not _is_time(name) for name in columns]
    count = 0
    say(line(headings, widths, right))
    for count, row in enumerate(chain(sample, rows), 1):  # noqa: B007 - the last one is the number of rows
        say(line([_shown(name, value_at(row, name)) for name in columns], widths, right))
    tell(f"{count:,} records" if count != 1 else "1 record")


def _useful(sample: Sequence[Mapping[str, Any]], look: Look) -> tuple[str, ...]:
    """The fields that tell records apart and fit on a line; long texts and nested values do not."""
    candidates = [name for name in _names(sample, look) if _is_short([row.get(name) for row in sample])]
    rest = [name for name in candidates if name not in _FIRST]
    rest.sort(key=lambda name: _width(name, sample) > _NARROW)  # otherwise as in the schema
    ordered = [*(name for name in _FIRST if name in candidates), *rest]
    last = list(_LAST[:2]) if look.deleted else []
    room = line_width() - sum(_width(name, sample) + 2 for name in last)
    chosen: list[str] = []
    for name in ordered:
        room -= _width(name, sample) + 2
        if room < 0 and chosen:
            break
        chosen.append(name)
    return (*chosen, *last)


def _names(sample: Sequence[Mapping[str, Any]], look: Look) -> Iterator[str]:
    """Field names: the schema's in its order, then what else the sample has."""
    found = dict.fromkeys(chain.from_iterable(sample))
    yield from dict.fromkeys(name for name in (*look.known, *found) if name in found and name != "_metadata")


def _is_short(values: Sequence[Any]) -> bool:
    if any(isinstance(value, (list, Mapping)) for value in values):
        return False
    return any(value not in (None, "") for value in values) and all(len(str(value)) <= _LONG for value in values)


def _width(name: str, sample: Sequence[Mapping[str, Any]]) -> int:
    widest = max(cells(_shown(name, value_at(row, name))) for row in sample)
    return min(max(widest, cells(name.removeprefix("_metadata."))), _WIDEST)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str):
        return plain(value[: _WIDEST * 2])
    if _is_time(name) and isinstance(value, int) and _OLDEST <= value < _NEWEST:
        return moment(value)
    return "" if value is None else json_text(value)


def _is_time(name: str) -> bool:
    return name.endswith("_at")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
