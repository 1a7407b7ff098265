"""What the templates of headers, query and body can name, and what becomes of one without its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.connection import Connection
from connectors.runtime.template import Moment, render_if_needed
from connectors.runtime.template.syntax import Choice, Node, Placeholder, parse
from connectors.runtime.url import unresolved


def variables_of(connection: Connection) -> dict[str, Any]:
    """connectionConfig, credentials, and each credential by its own name."""
    credentials = connection.credentials
    return {**credentials, "connectionConfig": connection.connection_config, "credentials": credentials}


def without_missing(
    connection: Connection, template: str, variables: Mapping[str, Any], moment: Moment, place: str
) -> str | None:
    """The template with its values; None if a value is missing where the entry may be left out.

    Raises UnresolvedPlaceholder if the missing value is an argument of a function: there the
    placeholder's own text would be encoded and sent.
    """
    rendered = render_if_needed(template, variables, moment=moment)
    if not rendered.missing:
        return rendered.text
    if set(rendered.missing) <= _outside_functions(template):
        return None
    raise unresolved(connection, rendered.missing, place)


def _outside_functions(template: str) -> set[str]:
    names: set[str] = set()
    nodes: list[Node] = list(parse(template, choices=True))
    while nodes:
        match nodes.pop():
            case Placeholder(name):
                names.add(name)
            case Choice(left, right):
                nodes += [*left, *right]
            case _:
                continue
    return names
