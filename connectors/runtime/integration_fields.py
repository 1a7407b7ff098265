"""Checks the values of an integration's own fields (a definition's `integration_config`), all problems at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import ConfigError, DefinitionError, Problem
from connectors.runtime.catalog import Provider
from connectors.runtime.field_rules import is_uri
from connectors.runtime.field_schema import Field, integration_fields
from connectors.runtime.pattern import PatternError, compiled

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_KEYS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WEB = re.compile(r"https?:", re.IGNORECASE)
_GROUP = "integration_config"


def check_integration(
    provider: Provider, submitted: Mapping[str, Any], *, existing: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The values to be stored, without surrounding blanks.

    Without `existing` an integration is made: what is left out or empty takes its default value. With
    the values that it has, it is changed: only what is submitted is looked at and given back, and an
    optional field can be emptied. A field that its `visible_when` hides is neither required nor given back.

    Raises ConfigError with all problems; no message holds a value. Raises DefinitionError if the
    fields' descriptions are broken.
    """
    fields = {field.name: field for field in integration_fields(provider)}
    given = {name: value.strip() if isinstance(value, str) else value for name, value in submitted.items()}
    problems = [_unknown(provider, fields, name) for name in given if name not in fields]
    answers = _Answers(provider, fields, {**(existing or {}), **given})
    values: dict[str, str] = {}
    for name, field in fields.items():
        if not answers.visible(name) or (existing is not None and name not in given):
            continue
        value, reason = _value(field, given.get(name), changing=existing is not None)
        if reason:
            problems.append(Problem(_GROUP, name, field.title, reason))
        elif value is not None:
            values[name] = value
    if problems:
        raise ConfigError(problems=problems, provider=provider.name, next_step="Correct the fields named above.")
    return values


class _Answers:
    """What has been answered so far, which decides what is asked next."""

    def __init__(self, provider: Provider, fields: Mapping[str, Field], values: Mapping[str, Any]) -> None:
        self._provider = provider
        self._fields = fields
        self._values = values

    def visible(self, name: str) -> bool:
        """Whether that field is asked: nothing hides it, nor the field that it depends on."""
        asked_by = list(self._chain(name))
        return all(map(self._shown, asked_by))

    def _chain(self, name: str) -> Iterator[str]:
        """The field, the one it depends on, and so on. A circle of fields is broken."""
        seen: set[str] = set()
        while name in self._fields:
            if name in seen:
                raise DefinitionError(f"visible_when of {self._provider.name} goes in a circle at {name}.")
            seen.add(name)
            yield name
            name = self._condition(name)[0]

    def _shown(self, name: str) -> bool:
        other, wanted = self._condition(name)
        if not other:
            return True
        field = self._fields.get(other)
        answer = self._values.get(other) or (field.default_value if field else None)
        return bool(answer == wanted)

    def _condition(self, name: str) -> tuple[str, Any]:
        """The other field and the value it must have; no name if the field is always asked."""
        when = self._provider.integration_config[name].get("visible_when")
        if not when:
            return "", None
        if not isinstance(when, Mapping) or not isinstance(when.get("field"), str):
            raise DefinitionError(f"visible_when of {name} of {self._provider.name} names no field.")
        return when["field"], when.get("equals")


def _value(field: Field, given: object, *, changing: bool) -> tuple[str | None, str | None]:
    """The value as it is stored (None: not at all), and what is wrong with it (None: nothing)."""
    if given is None or given == "":
        if not changing and field.default_value is not None:
            return field.default_value, None
        if not field.optional:
            return None, f"is missing. Expected: {field.expected}."
        return ("" if changing else None), None
    if not isinstance(given, str):
        return None, f"has to be text. Expected: {field.expected}."
    if len(given) > field.longest:
        return None, f"is too long: {len(given)} characters, at most {field.longest} are taken."
    if (_NOT_IN_KEYS if field.is_key_material else _CONTROL).search(given):
        return None, f"holds line breaks or other characters that cannot be sent. Expected: {field.expected}."
    return given, None if _fits(field, given) else f"is not what is expected: {field.expected}."


def _fits(field: Field, value: str) -> bool:
    """The choices, the pattern (unless it does not compile), and the format if that is `uri`: a web address."""
    if field.enum and value not in field.enum:
        return False
    if field.format == "uri" and not (_WEB.match(value) and is_uri(value)):
        return False
    try:
        return not field.pattern or compiled(field.pattern).search(value) is not None
    except PatternError:
        return True


def _unknown(provider: Provider, fields: Mapping[str, Field], name: str) -> Problem:
    shown = str(name)[:80]
    close = difflib.get_close_matches(shown, fields, n=1)
    takes = ", ".join(fields) or "none"
    hint = f"did you mean {close[0]}?" if close else f"it takes {takes}."
    return Problem(_GROUP, shown, shown, f"is not a field of an integration of {provider.display_name}; {hint}")
