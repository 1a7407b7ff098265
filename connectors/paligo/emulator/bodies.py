"""What may stand in a request's JSON body, search conditions included; everything else is refused with 422."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

from .exchange import Refusal


def is_integer(value: Any) -> bool:
    """A whole number from 0, or its digits."""
    return type(value) is not bool and str(value).isdecimal() and str(value).isascii() and len(str(value)) < 19


def _is_xml(value: Any) -> bool:
    """The service checks against DocBook; this checks that it is XML at all."""
    try:
        return isinstance(value, str) and bool(expat.ParserCreate().Parse(value, True))
    except (expat.ExpatError, ValueError):
        return False


KINDS: dict[str, Callable[[Any], bool]] = {
    "any": lambda value: True,  # noqa: ARG005 - any
    "text": lambda value: isinstance(value, str),
    "list": lambda value: isinstance(value, list),
    "integer": is_integer,
    "integer or null": lambda value: value is None or is_integer(value),
    "boolean": lambda value: str(value).lower() in ("true", "false"),
    "key": lambda value: is_integer(value) or str(value).startswith("UUID-"),
    "keys": lambda value: isinstance(value, list) and all(KINDS["key"](item) for item in value),
    "xml": _is_xml,
    "attributes": lambda value: (
        isinstance(value, list) and all(isinstance(item, dict) and item.keys() <= {"name", "value"} for item in value)
    ),
}
Body = Mapping[str, str | tuple[str, ...]]  # key → a kind, or the texts it may be


def read(body: bytes, keys: Body, required: tuple[str, ...]) -> dict[str, Any]:
    """The JSON object in a body, checked. Raises Refusal 422."""
    try:
        return check(json.loads(body or b"{}"), keys, required)
    except (ValueError, RecursionError):
        raise Refusal(422, "Invalid request body") from None


def check(given: Any, keys: Body, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The object given, if every key in it is known and of its kind. Raises Refusal 422."""
    if not isinstance(given, dict):
        raise Refusal(422, "Invalid request body")
    wrong = [key for key in required if key not in given]
    for key, value in given.items():
        kind = keys.get(key, ())
        if not (value in kind if isinstance(kind, tuple) else KINDS[kind](value)):
            wrong.append(key)
    if wrong:
        raise Refusal(422, f"Invalid request body: {', '.join(wrong)}")
    return given


SCALARS = ("id", "uuid", "name", "type", "author", "parent_resource", "release_status")
SPECIAL = {"created_at": "time", "modified_at": "time", "languages": "list", "content": "xml"}
PROPERTIES: dict[str, dict[str, str]] = {  # resource → what it can be searched by, with kinds
    "documents": dict.fromkeys(SCALARS, "scalar") | SPECIAL,
    "forks": dict.fromkeys(("id", "uuid", "parent", "root_document", "document"), "scalar"),
    "taxonomies": dict.fromkeys(("id", "title", "parent"), "scalar"),
}
# operator → the kinds of property it is for, the keys of its conditions, and how many of them it needs
OPERATORS: dict[str, tuple[tuple[str, ...], Body, int]] = {
    "equals": (("scalar", "time"), {"value": "any"}, 1),
    "has": (("list",), {"value": "any", "values": "list"}, 1),
    "before": (("time",), {"value": "integer"}, 1),
    "after": (("time",), {"value": "integer"}, 1),
    "between": (("time",), {"start": "integer", "end": "integer"}, 2),
    "containsblockelement": (("xml",), {"value": "text"}, 1),
}
HOLDS: dict[str, Callable[[Any, Mapping[str, Any]], bool]] = {
    "equals": lambda found, want: str(found) == str(want["value"]),
    "has": lambda found, want: any(item in found for item in (want.get("value"), *want.get("values", ()))),
    "before": lambda found, want: found < int(want["value"]),
    "after": lambda found, want: found > int(want["value"]),
    "between": lambda found, want: int(want["start"]) <= found <= int(want["end"]),
    "containsblockelement": lambda found, want: bool(re.search(rf"<(\w+:)?{re.escape(want['value'])}[\s/>]", found)),
}


def matching(rows: list[dict[str, Any]], resource: str, where: list[Any]) -> list[dict[str, Any]]:
    """The rows for which every condition holds. Raises Refusal 422."""
    for condition in where:
        named = condition if isinstance(condition, dict) else {}
        kinds, keys, least = OPERATORS.get(str(named.get("operator")), ((), {}, 0))
        if PROPERTIES[resource].get(str(named.get("property"))) not in kinds:
            raise Refusal(422, f"Invalid condition: {condition}")
        if len(check(condition, {"operator": "text", "property": "text", **keys})) < 2 + least:
            raise Refusal(422, f"Incomplete condition: {condition}")
    return [row for row in rows if all(HOLDS[one["operator"]](row[one["property"]], one) for one in where)]
