"""A broken schema rule in words: where, what is expected, and what is there, cut short."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connectors.runtime import canonical

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError

SHOWN = 40  # characters of a value

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

_RULES: Mapping[str, Callable[[Any], str]] = {
    "type": lambda rule: _types(rule),
    "enum": lambda rule: f"one of {', '.join(map(cut, rule))}",
    "const": lambda rule: cut(rule),
    "pattern": lambda rule: f"text like {rule}",
    "format": lambda rule: f"text in the format {rule}",
    "minimum": lambda rule: f"at least {rule}",
    "maximum": lambda rule: f"at most {rule}",
    "exclusiveMinimum": lambda rule: f"more than {rule}",
    "exclusiveMaximum": lambda rule: f"less than {rule}",
    "minLength": lambda rule: f"at least {rule} characters",
    "maxLength": lambda rule: f"at most {rule} characters",
    "minItems": lambda rule: f"at least {rule} items",
    "maxItems": lambda rule: f"at most {rule} items",
    "anyOf": lambda rule: _one_of(rule),
    "oneOf": lambda rule: _one_of(rule),
}


def describe(error: ValidationError | SchemaError) -> str:
    """Where the rule is broken, what it expects, what is there: `$.languages[0]: expected text, found 7`."""
    where = path(error.absolute_path)
    rule: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        missing = [name for name in rule if name not in instance]
        return f"{where}: missing {', '.join(map(repr, missing))}"
    if isinstance(rule, bool) or error.validator not in _RULES:
        return f"{where}: breaks the rule {error.validator!r}, found {cut(instance)}"
    return f"{where}: expected {_RULES[str(error.validator)](rule)}, found {cut(instance)}"


def path(parts: Any) -> str:
    """A place inside a value: `$.taxonomies[0].id`."""
    text = "$"
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _PLAIN_NAME.fullmatch(part) else f"[{cut(part)}]"
    return text


def cut(value: Any) -> str:
    """A value as JSON, at most 40 characters of it."""
    try:
        text = canonical.dumps(value)
    except ValueError:
        text = type(value).__name__
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _types(rule: str | list[str]) -> str:
    names = [rule] if isinstance(rule, str) else rule
    return " or ".join(_TYPES.get(name, name) for name in names)


def _one_of(rules: list[Any]) -> str:
    forms: list[str] = []
    for rule in rules:
        for name in rule if isinstance(rule, dict) else ():
            if name in ("type", "enum", "const", "pattern", "format"):
                forms.append(_RULES[name](rule[name]))
                break
    return " or ".join(dict.fromkeys(forms)) if len(forms) == len(rules) else "one of several forms"
