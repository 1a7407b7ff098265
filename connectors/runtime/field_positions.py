"""What a field may hold because of where it stands in the base URL (rule host-position, docs/compatibility.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.errors import HostRefused, InvalidUrl
from connectors.runtime.hosts import Expression, Position, fill, split

_CONFIG = re.compile(r"\$\{connection_?[cC]onfig\.([^{}]+)\}")
_CREDENTIAL = re.compile(r"\$\{(?:credentials\.)?([^{}.]+)\}")
# Something that may stand at each position, for the values that are not in question.
_NEUTRAL = {Position.BASE: "https://x.example", Position.PORT: "443"}


def alternatives(base_url: str) -> list[str]:
    """The base URLs that `A || B` chooses from; a third one is never used."""
    return [part.strip() for part in base_url.split("||")[:2]]


def misplaced(base_url: str, group: str, name: str, value: str) -> str | None:
    """What is expected of that value in the base URL, if it cannot stand there; None: it can, or stands nowhere."""
    for template in alternatives(base_url):
        for expression in _standing(template, group, name):
            if not _fits(template, expression, value):
                return expression.position.value
    return None


def is_whole_host(base_url: str, group: str, name: str) -> bool:
    """Whether the base URL takes its whole host from that value."""
    return any(
        expression.position in (Position.HOST, Position.HOST_AND_PATH, Position.BASE)
        for template in alternatives(base_url)
        for expression in _standing(template, group, name)
    )


def _standing(template: str, group: str, name: str) -> Iterator[Expression]:
    """Where the field stands in the template, by itself and not in a function."""
    pattern = _CONFIG if group == "connection_config" else _CREDENTIAL
    try:
        pieces = split(template)
    except InvalidUrl:
        return  # the definition is broken, which is not for the value to mend
    for piece in pieces:
        if isinstance(piece, Expression) and (match := pattern.fullmatch(piece.text)) and match[1] == name:
            yield piece


def _fits(template: str, expression: Expression, value: str) -> bool:
    neutral = {
        piece.text: _NEUTRAL.get(piece.position, "x") for piece in split(template) if isinstance(piece, Expression)
    }
    values = neutral | {expression.text: value}
    try:
        fill(template, values.__getitem__, str)
    except (HostRefused, InvalidUrl):
        return False
    return True
