"""Plain text that grows in reading order: paragraphs, lists, tables, code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Marker = Literal["bullet", "number", "none"]

_BLANKS = re.compile(r"[ \t\r\n]+")  # XML's own; a no-break space is a character
_DEEPEST_INDENT = 10  # lists inside one another that still move to the right
_DEEPEST_ASIDE = 12  # titles, cells and footnotes inside one another; below, they are paragraphs
_INDENT = "  "


@dataclass
class _List:
    marker: Marker
    count: int = 0
    pending: bool = False  # an item began, and nothing of it was written yet


@dataclass
class _Aside:
    """Text that is collected apart: a title, a cell, a footnote."""

    outer: list[str]  # the characters that were collected before it
    blocks: list[str] = field(default_factory=list)


@dataclass
class _Row:
    cells: list[str] = field(default_factory=list)


class Prose:
    """Collects characters and writes them out as blocks.

    Blocks are set apart by an empty line; items of a list, and rows of a table, by a line break.
    """

    def __init__(self) -> None:
        self._written: list[str] = []
        self._characters: list[str] = []
        self._lists: list[_List] = []
        self._asides: list[_Aside] = []
        self._rows: list[_Row] = []
        self._tables = 0
        self._tight = False  # the next block follows without an empty line, if it begins an item or a row

    def __str__(self) -> str:
        return "".join(self._written)

    def write(self, data: str) -> None:
        """Characters of the block that is open."""
        self._characters.append(data)

    def end_block(self) -> None:
        """What was collected is a block of its own now, if it is anything. Runs of blanks become one."""
        self._block(_line(self._taken()))

    def end_verbatim(self) -> None:
        """What was collected is a block whose blanks and line breaks count; apart from the text they do not."""
        text = self._taken()
        self._block(_line(text) if self._asides else text.strip("\r\n").rstrip())

    def open_heading(self) -> bool:
        """A title begins: a block that is collected apart."""
        self.end_block()
        return self.open_aside()

    def open_aside(self) -> bool:
        """From here on, collect apart. False where that goes too deep: every level copies the text once more."""
        if len(self._asides) >= _DEEPEST_ASIDE:
            return False
        self._asides.append(_Aside(self._characters))
        self._characters = []
        return True

    def close_aside(self) -> str:
        """What was collected apart, on one line. The block around it goes on."""
        self.end_block()
        aside = self._asides.pop()
        self._characters = aside.outer
        return " ".join(aside.blocks)

    def open_list(self, marker: Marker) -> None:
        """A list begins."""
        self.end_block()
        if not self._lists:
            self._tight = False
        self._lists.append(_List(marker))

    def close_list(self) -> None:
        """The innermost list ends."""
        self.end_block()
        self._lists.pop()
        if not self._lists:
            self._tight = False

    def open_item(self) -> None:
        """An item of the innermost list begins; outside of lists, a block."""
        self.end_block()
        if self._lists:
            self._lists[-1].count += 1
            self._lists[-1].pending = True

    def open_table(self) -> None:
        """A table begins."""
        self.end_block()
        self._tables += 1
        self._tight = False

    def close_table(self) -> None:
        """The innermost table ends."""
        self.end_block()
        self._tables -= 1
        self._tight = False

    def open_row(self) -> None:
        """A row begins."""
        self.end_block()
        self._rows.append(_Row())

    def close_row(self) -> None:
        """A row ends, and is written on one line."""
        self.end_block()
        cells = self._rows.pop().cells
        if any(cells):
            self._block(" | ".join(cells).rstrip(), row=True)

    def open_cell(self) -> bool:
        """A cell begins; False where it is only a block: outside of rows, or too deep."""
        self.end_block()
        return bool(self._rows) and self.open_aside()

    def close_cell(self) -> None:
        """A cell that began as one ends."""
        self._rows[-1].cells.append(self.close_aside())

    def _taken(self) -> str:
        text = "".join(self._characters)
        self._characters.clear()
        return text

    def _block(self, text: str, *, row: bool = False) -> None:
        if not text.strip():
            return
        if self._asides:
            self._asides[-1].blocks.append(text)
            return
        first, rest = self._prefixes()
        begins = row or first != rest
        if self._written:
            self._written.append("\n" if self._tight and begins else "\n\n")
        self._written.append(first + text.replace("\n", f"\n{rest}"))
        self._tight = row or bool(self._lists)

    def _prefixes(self) -> tuple[str, str]:
        """What stands in front of the block's first line, and of its others."""
        indented = sum(each.marker != "none" for each in self._lists)
        rest = _INDENT * min(indented, _DEEPEST_INDENT)
        innermost = self._lists[-1] if self._lists else None
        if innermost is None or not innermost.pending:
            return rest, rest
        innermost.pending = False
        mark = {"bullet": "- ", "number": f"{innermost.count}. ", "none": ""}[innermost.marker]
        return rest.removesuffix(_INDENT) + mark if mark else rest, rest


def _line(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")
