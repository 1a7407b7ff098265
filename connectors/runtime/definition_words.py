"""Words a schema error for the person who wrote the definition."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jsonschema.exceptions import ValidationError

_TYPES = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "empty",
}


@dataclass(frozen=True)
class Wording:
    """What is wrong with one part of a definition."""

    path: tuple[str | int, ...]
    message: str
    severity: Literal["error", "warning"] = "error"
    next_step: str | None = None


def word(error: ValidationError) -> Iterator[Wording]:
    """The problems that a schema error stands for; a missing key each, an unknown key each."""
    path = tuple(error.absolute_path)
    kind = str(error.validator)
    if kind == "required":
        yield from _missing(error, path)
    elif kind == "additionalProperties":
        yield from _unknown(error, path)
    elif "propertyNames" in tuple(error.absolute_schema_path)[-3:]:
        yield Wording((*path, str(error.instance)), _name(error))
    else:
        yield Wording(path, _WORDS.get(kind, _other)(error))


def _missing(error: ValidationError, path: tuple[str | int, ...]) -> Iterator[Wording]:
    name = error.message.split("'")[1]
    yield Wording(path, f"{name} is missing: {_described(_schema(error), name)}", next_step=f"Add {name}.")


def _unknown(error: ValidationError, path: tuple[str | int, ...]) -> Iterator[Wording]:
    known = list(_schema(error).get("properties", {}))
    for name in _given(error):
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {close[0]}?" if close else "Remove it, or check its spelling and its place."
            yield Wording((*path, str(name)), f"{name} is no key that means anything here.", "warning", hint)


def _schema(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _given(error: ValidationError) -> list[Any]:
    return list(error.instance) if isinstance(error.instance, Mapping) else []


def _choices(error: ValidationError) -> list[str]:
    """The schema's own list, or its one entry, as texts."""
    value: Any = error.validator_value
    return [str(choice) for choice in value] if isinstance(value, list) else [str(value)]


def _described(schema: Mapping[str, Any], name: str) -> str:
    described = schema.get("properties", {}).get(name, {}).get("description", "it is required.")
    return str(described)[:1].lower() + str(described)[1:]


def _type(error: ValidationError) -> str:
    return f"has to be {' or '.join(_TYPES[name] for name in _choices(error))}, not {_short(error.instance)}."


def _enum(error: ValidationError) -> str:
    choices = _choices(error)
    close = difflib.get_close_matches(str(error.instance), choices, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"has to be one of {', '.join(choices)}; {_short(error.instance)} is none of them.{hint}"


def _pattern(error: ValidationError) -> str:
    return f"{_short(error.instance)} has to match {error.validator_value}."


def _name(error: ValidationError) -> str:
    rule = f"match {error.validator_value}" if error.validator == "pattern" else f"are {error.validator_value}"
    return f"the name {_short(error.instance)} may not be used here: names {rule}."


def _empty(_: ValidationError) -> str:
    return "may not be empty."


def _range(error: ValidationError) -> str:
    return f"{_short(error.instance)} is out of range."


def _alternatives(error: ValidationError) -> str:
    types = dict.fromkeys(
        words
        for one in error.context or ()
        if one.validator == "type" and len(one.relative_path) == 0
        for words in [_TYPES[str(one.validator_value)]]
        if isinstance(one.validator_value, str)
    )
    return f"has to be {' or '.join(types)}." if types else f"{_short(error.instance)} does not fit here."


def _other(error: ValidationError) -> str:
    return f"{_short(error.instance)} does not fit here."


def _short(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, (Mapping, list)):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 60 else f"{text[:57]}…"


_WORDS: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minItems": _empty,
    "minLength": _empty,
    "minProperties": _empty,
    "minimum": _range,
    "maximum": _range,
    "exclusiveMinimum": _range,
    "anyOf": _alternatives,
}
