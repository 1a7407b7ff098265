"""The API reference as one page, without a script and without anything from elsewhere."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import orjson
from jinja2 import Environment


def page(document: dict[str, Any]) -> str:
    """The page of an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = {**operation, "method": method.upper(), "path": path}
            groups.setdefault(operation["tags"][0], []).append(shown)
    made: str = _template().render(document=document, groups=groups, pretty=_pretty)
    return made


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(resources.files(__package__).joinpath("page.html").read_text("utf-8"))


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
