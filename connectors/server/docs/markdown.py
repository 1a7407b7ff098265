"""Markdown as HTML: headings with anchors as on GitHub, links as served, code in colours, no HTML of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Served = Callable[[str], "str | None"]  # a link as written → as served; None: it leads to nothing here

_FENCES = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")


@dataclass(frozen=True)
class Heading:
    """A heading below the title."""

    level: int  # 2, 3, …
    id: str  # its anchor
    text: str


@dataclass(frozen=True)
class Rendered:
    """A page."""

    title: str
    html: Markup
    headings: tuple[Heading, ...]


def render(text: str, served: Served) -> Rendered:
    """A page in HTML. A link that leads to nothing keeps its words and is no link."""
    parser = _parser()
    tokens = parser.parse(text)
    headings = list(_headings(tokens))
    tokens = list(_headed(tokens))
    for token in tokens:
        if token.children:
            token.children = list(_linked(token.children, served))
    titles = [heading.text for heading in headings if heading.level == 1]
    html = Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - the parser lets no HTML through
    return Rendered(titles[0] if titles else "", html, tuple(each for each in headings if each.level > 1))


def line(text: str) -> Markup:
    """A sentence in HTML: emphasis and code, no block."""
    return Markup(_parser().renderInline(text))  # noqa: S704 - the parser lets no HTML through


def relinked(text: str, served: Served) -> str:
    """A page as Markdown whose links are as served; one that leads to nothing stays as it is."""
    parts = _FENCES.split(text)
    prose = [_LINK.sub(lambda found: served(found[0]) or found[0], part) for part in parts[::2]]
    return "".join(part for pair in zip(prose, [*parts[1::2], ""], strict=True) for part in pair)


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Every heading; each becomes a link to itself, unless it holds one."""
    for place, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        inline, anchor = tokens[place + 1], str(token.attrs["id"])
        children = inline.children or []
        level = int(token.tag[1])
        yield Heading(level, anchor, "".join(child.content for child in children))
        if level > 1 and not any(child.type == "link_open" for child in children):
            opening = Token("link_open", "a", 1, attrs={"class": "anchor", "href": f"#{anchor}"})
            inline.children = [opening, *children, Token("link_close", "a", -1)]


def _headed(tokens: Sequence[Token]) -> Iterator[Token]:
    """Every table has a head in Markdown: one that says nothing is left out, an empty cell is no header."""
    place = 0
    while place < len(tokens):
        token, end = tokens[place], place + 1
        if token.type == "thead_open":
            end = next(at for at in range(place, len(tokens)) if tokens[at].type == "thead_close") + 1
            head = tokens[place:end]
            if any(each.content for each in head):
                yield from _cells(head)
        else:
            yield token
        place = end


def _cells(head: Sequence[Token]) -> Iterator[Token]:
    for before, token, after in zip([*head[:1], *head], head, [*head[1:], *head[-1:]], strict=False):
        empty = (token.type == "th_open" and not after.content) or (token.type == "th_close" and not before.content)
        token.tag = "td" if empty else token.tag
        yield token


def _linked(children: Sequence[Token], served: Served) -> Iterator[Token]:
    dropped: list[bool] = []  # of the links that are open
    for child in children:
        if child.type == "link_open":
            address = served(str(child.attrs["href"]))
            dropped.append(address is None)
            child.attrs["href"] = address or ""
        elif child.type == "image":
            child.attrs["src"] = served(str(child.attrs["src"])) or ""
        closes = child.type == "link_close"
        if not (dropped.pop() if closes else child.type == "link_open" and dropped[-1]):
            yield child


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "highlight": code}).enable(["table", "strikethrough"])
    parser.use(anchors_plugin, max_level=6)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def code(text: str, language: str, _: str = "") -> Markup:
    """A block of code in colours. It can be scrolled, so the keyboard has to get there."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        shown = str(escape(text))
    else:
        shown = highlight(text, lexer, HtmlFormatter(nowrap=True, classprefix="hl-"))
    return Markup(f'<pre class="doc-code" tabindex="0"><code>{shown}</code></pre>')  # noqa: S704 - escaped above


def _table_open(*_: Any) -> str:
    return '<div class="doc-scroll" role="group" aria-label="Table" tabindex="0"><table>\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"
