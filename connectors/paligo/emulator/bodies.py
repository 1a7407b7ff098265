"""What may stand in a request's JSON body, search conditions included; everything else is refused with 422."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from .exchange import Refusal, Request


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
    "translations": lambda value: (
        isinstance(value, list)
        and all(isinstance(each, dict) and each.keys() == {"language", "value"} for each in value)
        and all(isinstance(text, str) for each in value for text in each.values())
    ),
    "color": lambda value: is_integer(value) and int(value) < 5,
    "file": lambda value: isinstance(value, File) and value.name != "",
    "texts": lambda value: isinstance(value, list) and value != [] and all(isinstance(item, str) for item in value),
    "key or keys": lambda value: KINDS["key"](value) or (KINDS["keys"](value) and value != []),
    "assignees": lambda value: (
        isinstance(value, dict)
        and value.keys() <= {"users", "groups"}
        and all(isinstance(some, list) and all(is_integer(item) for item in some) for some in value.values())
        and any(value.values())
    ),
}
LISTS = ("texts", "key or keys")  # kinds of which a form may hold several parts
Body = Mapping[str, str | tuple[str, ...]]  # key → a kind, or the texts it may be


@dataclass(frozen=True)
class File:
    """A file in a form."""

    name: str
    content: bytes


def read(request: Request, keys: Body, required: tuple[str, ...]) -> dict[str, Any]:
    """What a body holds, checked: a multipart form where a key is a file, else a JSON object. Raises Refusal 422."""
    try:
        given = _form(request, keys) if "file" in keys.values() else json.loads(request.body or b"{}")
        return check(given, keys, required)
    except (ValueError, RecursionError):
        raise Refusal(422, "Invalid request body") from None


def _form(request: Request, keys: Body) -> dict[str, Any]:
    """The parts of a form: text, files, and lists of the texts under one name. Raises ValueError."""
    kind, _, boundary = request.content_type.partition("boundary=")
    if not kind.lower().startswith("multipart/form-data") or not boundary:
        raise ValueError
    given: dict[str, Any] = {}
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary.strip('"').encode())[1:]:
        if part.startswith(b"--"):
            return given
        head, blank, content = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'\b(name|filename)="([^"]*)"', head.decode()))
        if not blank or "name" not in names:
            raise ValueError
        name = names["name"]
        if "filename" in names:
            given[name] = File(names["filename"], content)
        else:
            given[name] = [*given.get(name, []), content.decode()] if keys.get(name) in LISTS else content.decode()
    raise ValueError  # the form has no end


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
