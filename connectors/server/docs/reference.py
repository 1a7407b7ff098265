"""Every endpoint, as the API reference shows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from markupsafe import Markup

from connectors.server.contract import Endpoint
from connectors.server.docs.markdown import code
from connectors.server.openapi import document


@dataclass(frozen=True)
class Group:
    """Endpoints that belong together."""

    id: str  # its anchor
    title: str
    operations: tuple[dict[str, Any], ...]  # OpenAPI's, each with its method and path


def groups(endpoints: list[Endpoint]) -> tuple[Group, ...]:
    """What /openapi.json says, by tag and in its order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document(endpoints, server="")["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append({**operation, "method": method.upper(), "path": path})
    return tuple(Group(tag, tag.replace("_", " ").capitalize(), tuple(each)) for tag, each in found.items())


def pretty(value: Any) -> Markup:
    """A schema in colours."""
    return _coloured(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


@cache
def _coloured(text: str) -> Markup:
    return code(text, "json")
