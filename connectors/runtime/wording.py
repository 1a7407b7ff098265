"""A broken schema rule in words: where, what is expected, and what is there, cut short."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connectors.runtime import canonical

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError

SHOWN = 40  # characters of a value
EXPECTED = "x-expected"  # a schema's own words for what it takes, instead of those of the broken rule
_MOST_NAMED = 5  # unknown fields

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
    if error.validator == "additionalProperties" and rule is False:
        return f"{where}: {_unknown(instance, error.schema)}"
    if isinstance(rule, bool) or error.validator not in _RULES:
        return f"{where}: breaks the rule {error.validator!r}, found {cut(instance)}"
    expected = _own_words(error.schema) or _RULES[str(error.validator)](rule)
    return f"{where}: expected {expected}, found {cut(instance)}"


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


def _own_words(schema: Any) -> str | None:
    words = schema.get(EXPECTED) if isinstance(schema, Mapping) else None
    return words if isinstance(words, str) else None


def _unknown(instance: Mapping[str, Any], schema: Any) -> str:
    """The fields that the schema does not have, each with the one that may be meant; their values stay out."""
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    names = [name for name in instance if name not in known and not any(re.search(each, name) for each in patterns)]
    shown = []
    for name in names[:_MOST_NAMED]:
        close = difflib.get_close_matches(name[:SHOWN], known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        shown.append(f"{name[:SHOWN]!r}{'…' if len(name) > SHOWN else ''}{hint}")
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"there is no field {', '.join(shown)}{more}"


def _one_of(rules: list[Any]) -> str:
    forms = dict.fromkeys(_form(rule) for rule in rules)
    return "one of several forms" if None in forms else " or ".join(filter(None, forms))


def _form(rule: Any) -> str | None:
    """A form in a few words: `an object with 'id'`; None if nothing short can be said."""
    if not isinstance(rule, Mapping):
        return None
    if _own_words(rule):
        return _own_words(rule)
    if rule.get("required"):
        return f"an object with {' and '.join(map(repr, rule['required']))}"
    if rule.get("type") == "array":
        inner = _form(rule.get("items"))
        return "a list" if inner is None else f"a list, each {inner}"
    found = (_RULES[name](rule[name]) for name in rule if name in ("type", "enum", "const", "pattern", "format"))
    return next(found, None)
