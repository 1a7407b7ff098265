"""Checks what was given for a provider's fields: every problem at once, in words, before anything is sent."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import ConfigError, Problem
from connectors.runtime.catalog import Provider
from connectors.runtime.field_positions import is_whole_host, misplaced
from connectors.runtime.field_rules import accepts
from connectors.runtime.field_schema import (
    LONGEST,
    Field,
    Group,
    assertion_fields,
    fields_of,
    schema_of,
    secret_names,
)
from connectors.runtime.template import placeholders

__all__ = ["Field", "Input", "assertion_fields", "check_input", "fields_of", "schema_of", "secret_names"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_KEYS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LABEL = re.compile(r"[^/\\?#@:\s]+")
_REST_OF_ADDRESS = re.compile(r"\Z|(?::443)?(?:[/?#]|\Z)")
_NAMED_CONFIG = re.compile(r"connection_?[cC]onfig\.(.+)")
_OVERRIDES = frozenset({"oauth_client_id_override", "oauth_client_secret_override", "oauth_refresh_token_override"})
_READ_BY_MODE: Mapping[str, frozenset[str]] = {
    "AWS_SIGV4": frozenset({"external_id", "region"}),
    "MCP_OAUTH2": _OVERRIDES,
    "OAUTH2": _OVERRIDES,
    "OAUTH2_CC": frozenset({"oauth_scopes"}),
}


@dataclass(frozen=True)
class Input:
    """A connection's values, checked and cleaned: surrounding blanks and pasted addresses are cut."""

    config: dict[str, str]
    credentials: dict[str, str]
    assertion_option: dict[str, str] = field(default_factory=dict)  # used once, never stored

    def __repr__(self) -> str:
        return f"Input(config={sorted(self.config)}, credentials={sorted(self.credentials)})"


def check_input(
    provider: Provider,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    assertion_option: Mapping[str, Any] | None = None,
    *,
    configured: Collection[str] = (),
    partial: bool = False,
) -> Input:
    """The values, ready to be stored.

    A field that is left out takes its default value, if it has one. `assertion_option` is looked at
    unless it is None. `configured`: names of the integration's own fields that have a value, which
    need not be given here. `partial`: nothing has to be given. Raises ConfigError with all problems
    at once; no message holds a value. Raises DefinitionError if the fields' descriptions are broken.
    """
    fields = (*fields_of(provider, configured), *assertion_fields(provider))
    problems: list[Problem] = []
    checked = Input(
        _checked(provider, "connection_config", config, fields, problems),
        _checked(provider, "credentials", credentials, fields, problems),
        {} if assertion_option is None else _checked(provider, "assertion_option", assertion_option, fields, problems),
    )
    if partial:
        given = {"connection_config": config, "credentials": credentials, "assertion_option": assertion_option or {}}
        problems = [problem for problem in problems if problem.field in given[problem.group]]
    if problems:
        raise ConfigError(problems=problems, provider=provider.name)
    return checked


def _checked(
    provider: Provider, group: Group, given: Mapping[str, Any], fields: Iterable[Field], problems: list[Problem]
) -> dict[str, str]:
    own = {field.name: field for field in fields if field.group == group}
    undescribed = _named_only_in_templates(provider, group) - own.keys()
    problems += _unknown(provider, group, given, own, undescribed)
    values: dict[str, str] = {}
    for name, described in own.items():
        value, reason = _value(provider, described, given.get(name))
        if reason:
            problems.append(Problem(group, name, described.title, reason))
        elif value is not None:
            values[name] = value
    return values | {name: given[name].strip() for name in undescribed if _is_plain(given.get(name))}


def _value(provider: Provider, field: Field, given: object) -> tuple[str | None, str | None]:
    """The value as it is stored (None: not at all), and what is wrong with it (None: nothing)."""
    if given is None:
        return field.default_value, f"is missing. Expected: {field.expected}." if field.required else None
    if not isinstance(given, str):
        return None, f"has to be text. Expected: {field.expected}."
    if len(given) > field.longest:
        return None, f"is too long: {len(given)} characters, at most {field.longest} are taken."
    value = given if _keeps_blanks(field) else given.strip()
    if (_NOT_IN_KEYS if field.is_key_material else _CONTROL).search(value):
        return None, f"holds line breaks or other characters that cannot be sent. Expected: {field.expected}."
    value = _from_address(provider, field, value)
    return value, _mismatch(provider, field, value)


def _mismatch(provider: Provider, field: Field, value: str) -> str | None:
    if value == "" and _half_of_a_pair(provider, field):
        return None
    if value == "" and field.required:
        return f"is empty. Expected: {field.expected}."
    # A pattern that does not compile cannot be kept to: "invalid_pattern" counts as taken.
    if not accepts(field.rules, value):
        return f"is not what is expected: {field.expected}."
    place = misplaced(provider.base_url or "", field.group, field.name, value) if value else None
    return f"cannot stand in the provider's address. Expected: {place}." if place else None


def _half_of_a_pair(provider: Provider, field: Field) -> bool:
    """Either part of Basic authentication may be empty (RFC 7617): many providers take a key as the user alone."""
    half = field.group == "credentials" and field.name in ("username", "password")
    return half and provider.auth_mode == "BASIC" and field.pattern is None


def _keeps_blanks(field: Field) -> bool:
    """A password may begin or end in a blank, unless its pattern says what it looks like."""
    return field.name == "password" and field.pattern is None


def _from_address(provider: Provider, field: Field, value: str) -> str:
    """The field's own part of a pasted address (rule pasted-address, docs/compatibility.md)."""
    if not (field.prefix and field.suffix):
        return value
    if field.suffix.startswith(".") and is_whole_host(provider.base_url or "", field.group, field.name):
        return value  # the definition shows a suffix that it does not add itself
    text = value
    for start in (field.prefix, field.prefix.replace("https://", "http://"), field.prefix.partition("://")[2]):
        if start and text.lower().startswith(start.lower()):
            text = text[len(start) :]
            break
    suffix = re.search(re.escape(field.suffix), text, re.IGNORECASE | re.ASCII)
    label, rest = (text[: suffix.start()], text[suffix.end() :]) if suffix else (text, "")
    if not _LABEL.fullmatch(label) or not _REST_OF_ADDRESS.match(rest):
        return value
    return value if label == value else label.lower().rstrip(".")


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and not _CONTROL.search(value)


def _unknown(
    provider: Provider, group: Group, given: Mapping[str, Any], own: Mapping[str, Field], undescribed: frozenset[str]
) -> Iterator[Problem]:
    for name, value in given.items():
        shown = str(name)[:80]
        if name in undescribed and not _is_plain(value):
            yield Problem(group, shown, shown, f"has to be text of one line, at most {LONGEST} characters.")
        elif name not in own and name not in undescribed:
            close = difflib.get_close_matches(shown, own, n=1)
            hint = f"did you mean {close[0]}?" if close else f"{provider.display_name} takes {_names(own)}."
            yield Problem(group, shown, shown, f"is not a field of {provider.display_name}; {hint}")


def _names(own: Mapping[str, Field]) -> str:
    return ", ".join(own) if own else "none here"


def _named_only_in_templates(provider: Provider, group: Group) -> frozenset[str]:
    """Names that the definition or its mode reads and nobody describes; an alias may have lost their description."""
    if group != "connection_config":
        return frozenset()
    found = (_NAMED_CONFIG.fullmatch(name) for text in _texts(provider.definition) for name in placeholders(text))
    return _READ_BY_MODE.get(provider.auth_mode, frozenset()) | {match[1] for match in found if match}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
