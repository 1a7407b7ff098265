"""An action's form, from its input schema: which control each field gets, and its value from what was sent.

What no control fits is written as JSON. The schema itself is the judge of the values: the engine
checks them, and says everything that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import InputError
from connectors.runtime.canonical import loads

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_LONG = ("content", "text", "body", "description", "xml", "html", "message")
_SCALARS = {"string", "integer", "number"}


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    title: str
    description: str
    kind: str  # text, long, number, choice, yes-no, file, lines or json
    required: bool
    choices: tuple[Any, ...] = ()
    types: frozenset[str] = frozenset()  # what a text may stand for
    value: str = ""  # as it was sent
    expected: str = ""  # in words

    @property
    def control(self) -> str:
        """The name of its control."""
        return f"field.{self.name}"


def fields_of(schema: Mapping[str, Any], sent: Mapping[str, str] | None = None) -> list[Field]:
    """The fields of a form, those first that are required; `sent` is what the form held."""
    required = schema.get("required", ())
    made = [
        _field(name, spec, required=name in required, sent=sent or {})
        for name, spec in schema.get("properties", {}).items()
    ]
    return sorted(made, key=lambda field: not field.required)


def value_of(field: Field, text: str) -> Any:
    """What a text in a field stands for. Raises `InputError` for JSON that is none."""
    if field.kind == "yes-no":
        return text == "yes"
    if field.kind == "choice":
        return next((choice for choice in field.choices if str(choice) == text), text)
    if field.kind == "lines":
        return [_scalar(line.strip(), field.types) for line in text.splitlines() if line.strip()]
    if field.kind == "json":
        try:
            return loads(text)
        except ValueError:
            if "string" in field.types:
                return text
            raise InputError(f"{field.title} has to be JSON") from None
    return _scalar(text, field.types)


def _field(name: str, spec: Mapping[str, Any], *, required: bool, sent: Mapping[str, str]) -> Field:
    types = _types(spec)
    kind, choices = _kind(name, spec, types), tuple(each for each in spec.get("enum", ()) if each is not None)
    return Field(
        name=name,
        title=str(spec.get("title") or name.replace("_", " ").capitalize()),
        description=str(spec.get("description", "")),
        kind=kind,
        required=required,
        choices=choices,
        types=_types(spec.get("items", {})) if kind == "lines" else types,
        value=sent.get(f"field.{name}", ""),
        expected=str(spec.get("x-expected", "")),
    )


def _kind(name: str, spec: Mapping[str, Any], types: frozenset[str]) -> str:
    simple = "long" if name in _LONG else "text"
    for fits, kind in (
        ("enum" in spec, "choice"),
        (types == {"boolean"}, "yes-no"),
        ({"file", "base64"} <= spec.get("properties", {}).keys(), "file"),
        (types == {"array"} and bool(_types(spec.get("items", {}))) and _types(spec["items"]) <= _SCALARS, "lines"),
        (bool(types) and types <= {"integer", "number"}, "number"),
        (bool(types) and types <= _SCALARS, simple),
    ):
        if fits:
            return kind
    return "json"


def _types(spec: Any) -> frozenset[str]:
    said = spec.get("type", ()) if isinstance(spec, Mapping) else ()
    return frozenset([said] if isinstance(said, str) else said) - {"null"}


def _scalar(text: str, types: frozenset[str]) -> Any:
    if "integer" in types and _WHOLE.match(text):
        return int(text)
    if "number" in types:
        try:
            return float(text)
        except ValueError:
            return text
    return text
