"""Checks a value against a JSON Schema, and says in words of our own what is wrong: never what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from connectors.server.contract import Schema

_MOST = 20  # problems that are told at once
_NAME_SHOWN = 80  # characters of a name that the caller made up

_CODES = {  # keyword → what a program reads
    "type": "invalid_type",
    "required": "invalid_type",
    "additionalProperties": "unrecognized_keys",
    "propertyNames": "invalid_key",
    "pattern": "invalid_format",
    "format": "invalid_format",
    "minLength": "too_small",
    "minimum": "too_small",
    "minItems": "too_small",
    "minProperties": "too_small",
    "maxLength": "too_big",
    "maximum": "too_big",
    "maxItems": "too_big",
    "maxProperties": "too_big",
    "enum": "invalid_value",
    "const": "invalid_value",
    "anyOf": "invalid_union",
    "oneOf": "invalid_union",
}
_WORDS = {
    "type": "has to be of the type {}",
    "pattern": "has to match {}",
    "format": "has to have the format {}",
    "minLength": "has to have at least {} characters",
    "maxLength": "may have at most {} characters",
    "minimum": "has to be at least {}",
    "maximum": "has to be at most {}",
    "minItems": "has to have at least {} entries",
    "maxItems": "may have at most {} entries",
    "minProperties": "has to have at least {} entries",
    "maxProperties": "may have at most {} entries",
    "enum": "has to be one of {}",
    "const": "has to be {}",
    "propertyNames": "has a name that cannot be used",
}


_UNFIT: Mapping[str, Any] = {"code": "custom", "message": "cannot be used", "path": []}
_SAMPLED = 10_000  # parts of a value that are looked at for words
_MADE_UP = 100  # names of one object that the schema does not know
_ENTRIES = 2000  # of one list; no schema here lets a list have more than 1,000


class Check:
    """One schema, ready to check with."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))
        self._names = frozenset(_named(schema))

    def problems(self, value: Any) -> list[Mapping[str, Any]]:
        """What is wrong, as the envelope tells it; nothing if the value fits."""
        if self._validator.is_valid(value):
            return []
        errors = islice(self._validator.iter_errors(_Sample(self._names).of(value)), _MOST)
        return [problem for error in errors for problem in self._told(error)] or [_UNFIT]

    def _told(self, error: jsonschema_rs.ValidationError) -> Iterator[dict[str, Any]]:
        path = [str(part) for part in error.instance_path]
        keyword = error.kind.name
        if keyword == "propertyNames":
            path.append(str(getattr(getattr(error.kind, "error", None), "instance", ""))[:_NAME_SHOWN])
        code = _CODES.get(keyword, "custom")
        if keyword == "required":
            yield {"code": code, "message": "is required", "path": [*path, str(getattr(error.kind, "property", ""))]}
        elif keyword == "additionalProperties":
            names = ", ".join(repr(str(name)[:_NAME_SHOWN]) for name in getattr(error.kind, "unexpected", ())[:_MOST])
            yield {"code": code, "message": f"is not known here: {names}", "path": path}
        else:
            yield {"code": code, "message": self._words(keyword, error), "path": path}

    def _words(self, keyword: str, error: jsonschema_rs.ValidationError) -> str:
        found: Any = self.schema
        for part in error.schema_path:
            if isinstance(found, Mapping):
                found = found.get(part if isinstance(part, str) else str(part), {})
            elif isinstance(found, list) and isinstance(part, int):
                found = found[part]
        if isinstance(found, list):
            found = ", ".join(map(str, found))
        return _WORDS.get(keyword, "cannot be used").format(found)


class _Sample:
    """The beginning of a value, enough to say what is wrong with it.

    To word an error, the library copies what it is about, and nothing else runs meanwhile: with
    a million made-up names that would take the server seconds.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names  # that the schema knows, and so are looked at first
        self._left = _SAMPLED

    def of(self, value: Any) -> Any:
        """As much of it as there may be."""
        self._left -= 1
        if isinstance(value, Mapping):
            known = [name for name in self._names if name in value]
            others = (name for name in value if name not in self._names)
            wanted = [*known, *islice(others, _MADE_UP)]
            return {name: self.of(value[name]) for name in wanted if self._left > 0}
        if isinstance(value, list):
            return [self.of(part) for part in value[:_ENTRIES] if self._left > 0]
        return value


def _named(schema: Any) -> Iterator[str]:
    """The names of properties anywhere in a schema."""
    if isinstance(schema, Mapping):
        found = schema.get("properties")
        if isinstance(found, Mapping):
            yield from found
        for part in schema.values():
            yield from _named(part)
    elif isinstance(schema, (list, tuple)):
        for part in schema:
            yield from _named(part)
