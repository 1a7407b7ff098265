"""What each DocBook element means for plain text: which begin a block, a list, a row, and which are dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.paligo.markup import DOCBOOK, XINCLUDE
from connectors.paligo.prose import Prose

Role = Literal["block", "inline", "verbatim", "title", "list", "item", "table", "row", "cell", "footnote", "dropped"]

# Elements that stand in a line of text. Any other one that is not named below is a block.
_IN_A_LINE = """
    abbrev accel acronym alt anchor application biblioref citation citebiblioid citerefentry citetitle classname co code
    command computeroutput constant coref database date editor email emphasis enumidentifier enumname enumvalue envar
    errorcode errorname errortext errortype exceptionname filename firstname firstterm footnoteref foreignphrase
    function glossterm guibutton guiicon guilabel guimenu guimenuitem guisubmenu hardware honorific initializer
    inlineequation inlinemediaobject imageobject imagedata interfacename jobtitle keycap keycode keycombo keysym
    lineannotation link literal macroname manvolnum markup mathphrase menuchoice methodname modifier mousebutton
    nonterminal olink ooclass ooexception oointerface option optional orgname package parameter person personname
    phrase productname productnumber prompt property quote refentrytitle replaceable returnvalue revnumber shortcut
    structfield structname subscript superscript surname symbol systemitem tag termdef textobject token trademark type
    unionname uri userinput varargs varname void wordasword xref
"""
_INLINE = frozenset(_IN_A_LINE.split())
_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("title",), "title"),
    **dict.fromkeys(("programlisting", "screen", "literallayout", "synopsis", "address"), "verbatim"),
    **dict.fromkeys(("listitem", "step", "member", "callout", "stepalternatives"), "item"),
    **dict.fromkeys(("table", "informaltable"), "table"),
    **dict.fromkeys(("tr", "row"), "row"),
    **dict.fromkeys(("td", "th", "entry"), "cell"),
    **dict.fromkeys(("footnote",), "footnote"),
    **dict.fromkeys(("indexterm", "remark", "titleabbrev", "itermset"), "dropped"),
}
_MARKERS: Mapping[str, Literal["bullet", "number", "none"]] = {
    "itemizedlist": "bullet",
    "simplelist": "bullet",
    "orderedlist": "number",
    "procedure": "number",
    "substeps": "number",
    "calloutlist": "number",
    "variablelist": "none",
    "glosslist": "none",
}
_JOINS = {"keycombo": "+", "menuchoice": " > "}


@dataclass
class _Open:
    """An open element."""

    name: str
    role: Role
    aside: bool = False  # whether its text is collected apart
    children: int = 0


class Layout:
    """Follows the elements of a document and writes its text; the document's own title is kept apart."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._prose = Prose()
        self._open: list[_Open] = []

    def __str__(self) -> str:
        return str(self._prose)

    def begin(self, name: str, namespace: str) -> None:
        """An element begins."""
        above = self._open[-1] if self._open else None
        role = "dropped" if above and above.role == "dropped" else _role(name, namespace)
        if above and above.name in _JOINS and role != "dropped":
            # Keys pressed together, and steps through a menu, stand without blanks in the XML.
            self._prose.write(_JOINS[above.name] if above.children else "")
            above.children += 1
        opened = _Open(name, role)
        if role == "list":
            self._prose.open_list(_MARKERS[name])
        elif role in _BEGINS:
            opened.aside = bool(_BEGINS[role](self._prose))
        self._open.append(opened)

    def write(self, data: str) -> None:
        """Characters."""
        if self._open and self._open[-1].role == "dropped":
            return
        if self._open and self._open[-1].name in _JOINS and not data.strip():
            return
        self._prose.write(data)

    def end(self) -> None:
        """The innermost element ends."""
        opened = self._open.pop()
        if opened.aside:
            self._end_aside(opened)
        elif opened.role in _ENDS:
            _ENDS[opened.role](self._prose)

    def _end_aside(self, opened: _Open) -> None:
        if opened.role == "cell":
            self._prose.close_cell()
            return
        text = self._prose.close_aside()
        if opened.role == "footnote":
            self._prose.write(f" ({text})" if text else "")
        elif self.title is None and _titles([each.name for each in self._open]):
            self.title = text
        else:
            self._prose.write(text)
            self._prose.end_block()


def _role(name: str, namespace: str) -> Role:
    if namespace == XINCLUDE:
        return "dropped"
    if namespace not in (DOCBOOK, ""):
        return "inline"  # formulas, and what else may come
    if name in _MARKERS:
        return "list"
    return _ROLES.get(name, "inline" if name in _INLINE else "block")


def _titles(names: list[str]) -> bool:
    """Whether a title inside these open elements is the document's own."""
    return len(names) == 1 or (len(names) == 2 and names[1] == "info")


# What a beginning does; where it opens an aside, it says whether it could.
_BEGINS: Mapping[Role, Callable[[Prose], bool | None]] = {
    "block": Prose.end_block,
    "verbatim": Prose.end_block,
    "title": Prose.open_heading,
    "footnote": Prose.open_aside,
    "item": Prose.open_item,
    "table": Prose.open_table,
    "row": Prose.open_row,
    "cell": Prose.open_cell,
}
_ENDS: Mapping[Role, Callable[[Prose], None]] = {
    "block": Prose.end_block,
    "verbatim": Prose.end_verbatim,
    "title": Prose.end_block,
    "list": Prose.close_list,
    "item": Prose.end_block,
    "table": Prose.close_table,
    "row": Prose.close_row,
    "cell": Prose.end_block,
}
