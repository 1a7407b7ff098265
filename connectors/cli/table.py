"""Tables for people: columns as wide as needed, long text cut."""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connectors.cli.terminal import is_terminal, plain, say

_GAP = "  "
_ELSEWHERE = 120  # characters a line, where there is no terminal to measure
_LEAST = 8  # characters that a cut column keeps
_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?\Z")


def line_width() -> int:
    """How many characters fit on a line."""
    return shutil.get_terminal_size((_ELSEWHERE, 24)).columns if is_terminal(sys.stdout) else _ELSEWHERE


def cells(text: str) -> int:
    """How many places the text takes on a screen."""
    if text.isascii():
        return len(text)
    return sum(_places(character) for character in text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text cut or padded to exactly that many places."""
    size = cells(text)
    if size > width:
        text = _cut(text, width - 1) + "…"
        size = cells(text)
    blanks = " " * (width - size)
    return blanks + text if right else text + blanks


def draw(
    headings: Sequence[str], rows: Iterable[Sequence[Any]], *, width: int | None = None, whole: Sequence[str] = ()
) -> Iterator[str]:
    """The lines of a table. With `width`, the widest columns are cut until a line fits, but those of `whole` never."""
    shown = [[_text(value) for value in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(headings, *shown, strict=True)]
    if width is not None:
        widths = shrunk(widths, width, whole=[name in whole for name in headings])
    numeric = [bool(shown) and all(not row[at] or _NUMBER.match(row[at]) for row in shown) for at in range(len(widths))]
    for row in [list(headings), *shown]:
        yield line(row, widths, numeric)


def line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    """One line of a table."""
    fitted = (fit(text, width, right=numeric) for text, width, numeric in zip(row, widths, right, strict=True))
    return _GAP.join(fitted).rstrip()


def shrunk(widths: Sequence[int], width: int, *, whole: Sequence[bool] = ()) -> list[int]:
    """Widths that fit on a line, taken from the widest columns first; `whole` columns stay."""
    fitting = list(widths)
    room = width - len(_GAP) * (len(fitting) - 1)
    cuttable = [at for at in range(len(fitting)) if not (whole and whole[at])]
    while sum(fitting) > room and cuttable:
        widest = max(cuttable, key=fitting.__getitem__)
        if fitting[widest] <= _LEAST:
            break
        fitting[widest] -= 1
    return fitting


def say_table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, whole: Sequence[str] = ()) -> None:
    """Print a table; it is cut to the terminal's width, and not at all where nobody looks at it."""
    for text in draw(headings, rows, width=line_width() if is_terminal(sys.stdout) else None, whole=whole):
        say(text)


def say_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values, a line each, the values under one another."""
    shown = [(plain(name), plain(value)) for name, value in facts]
    width = max((cells(name) for name, _ in shown), default=0)
    for name, value in shown:
        say(f"{fit(name, width)}{_GAP}{value}".rstrip())


def _text(value: Any) -> str:
    return "" if value is None else plain(value)


def _places(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _cut(text: str, width: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _places(character)
        if taken > width:
            return text[:place]
    return text
