"""POST /search: conditions that are all to hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .bodies import is_integer
from .exchange import Refusal

TIMES = {"created_at", "modified_at"}
PROPERTIES = {
    "documents": TIMES
    | {"id", "uuid", "name", "type", "author", "parent_resource", "release_status", "languages", "content"},
    "forks": {"id", "uuid", "parent", "root_document", "document"},
    "taxonomies": {"id", "title", "parent"},
}
OPERATORS: dict[str, tuple[set[str], Callable[[Any, Mapping[str, Any]], bool]]] = {
    "equals": ({"value"}, lambda found, want: str(found) == str(want["value"])),
    "has": ({"value", "values"}, lambda found, want: any(item in found for item in _wanted(want))),
    "before": ({"value"}, lambda found, want: found < int(want["value"])),
    "after": ({"value"}, lambda found, want: found > int(want["value"])),
    "between": ({"start", "end"}, lambda found, want: int(want["start"]) <= found <= int(want["end"])),
    "containsblockelement": (
        {"value"},
        lambda found, want: bool(re.search(rf"<(\w+:)?{re.escape(str(want['value']))}[\s/>]", found)),
    ),
}


def matching(rows: list[dict[str, Any]], resource: str, where: list[Any]) -> list[dict[str, Any]]:
    """The rows for which every condition holds. Raises Refusal 422."""
    for condition in where:
        if not isinstance(condition, dict) or not _fits(condition, resource):
            raise Refusal(422, f"Invalid condition: {condition}")
    return [row for row in rows if all(OPERATORS[one["operator"]][1](row[one["property"]], one) for one in where)]


def _wanted(condition: Mapping[str, Any]) -> list[Any]:
    return [*condition.get("values", []), *([condition["value"]] if "value" in condition else [])]


def _fits(condition: Mapping[str, Any], resource: str) -> bool:
    """Whether operator and property exist and go together, with the keys that the operator takes."""
    operator, name = str(condition.get("operator")), str(condition.get("property"))
    given = condition.keys() - {"operator", "property"}
    if operator not in OPERATORS or name not in PROPERTIES[resource]:
        return False
    if operator == "has":
        keys = bool(given) and given <= {"value", "values"} and isinstance(condition.get("values", []), list)
        return keys and name == "languages"
    if given != OPERATORS[operator][0]:
        return False
    if operator in ("before", "after", "between"):
        return name in TIMES and all(is_integer(condition[key]) for key in given)
    return name != "languages" and (operator == "containsblockelement") == (name == "content")
