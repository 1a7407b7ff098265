"""The fields a provider asks for, and the JSON Schema that they make."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from connectors.errors import DefinitionError
from connectors.runtime import field_words
from connectors.runtime.catalog import Provider
from connectors.runtime.pattern import PatternError, portable
from connectors.runtime.usual_fields import usual_fields

Group: TypeAlias = Literal["connection_config", "credentials", "assertion_option", "integration_config"]
LONGEST = 10_000  # characters of one value
_LONGEST_OF_MODE = 1024  # characters of apiKey, username and password: what the reference runtime's server takes
_SHORT_MODES = ("API_KEY", "BASIC")
_KEY_MATERIAL = re.compile(r"certificate(?!id)|private_?key(?!_?id)", re.IGNORECASE)

# A declared credential counts as secret unless it says otherwise, is an e-mail address, or has one of these names.
_OPEN_NAMES = frozenset({"username", "userName", "client_id", "role_arn", "organization_id"})


@dataclass(frozen=True)
class Field:
    """One value that a connection needs, as its provider describes it."""

    name: str  # as templates use it
    group: Group
    title: str
    description: str
    example: str | None
    pattern: str | None  # a JavaScript regular expression; see connectors.runtime.pattern
    format: str | None  # hostname, uri, uuid or email
    enum: tuple[str, ...]  # the choices; empty: any
    optional: bool  # may be left empty
    secret: bool  # never shown, sealed at rest
    default_value: str | None  # taken when the field is left out
    hidden: bool  # not asked; takes its default
    automated: bool  # not asked; filled by the runtime or by the provider's answers
    prefix: str | None  # what stands before the value in the whole address
    suffix: str | None  # what stands behind it
    doc_section: str | None  # anchor in the page `docs_connect`
    order: int | None  # place among the fields of connection_config
    longest: int = LONGEST  # characters

    @property
    def required(self) -> bool:
        """Whether an input without this field is refused."""
        return not (self.optional or self.hidden or self.automated or self.default_value is not None)

    @property
    def is_key_material(self) -> bool:
        """Whether it is a key or certificate of many lines."""
        return bool(_KEY_MATERIAL.search(self.name))

    @property
    def expected(self) -> str:
        """What is expected, in words, e.g. "lower-case letters, digits and hyphens, such as mycompany"."""
        return field_words.expected(self.rules)

    @property
    def rules(self) -> Mapping[str, Any]:
        """The part of the descriptor that decides which values are taken."""
        rules = {
            "enum": self.enum,
            "pattern": self.pattern,
            "format": self.format,
            "optional": self.optional,
            "hidden": self.hidden,
            "default_value": self.default_value,
            "example": self.example,
        }
        return {name: value for name, value in rules.items() if value not in (None, (), False)}


def fields_of(provider: Provider, configured: Collection[str] = ()) -> tuple[Field, ...]:
    """All fields that are stored, in the order in which a form asks.

    First the connection_config fields with an order, then the credentials (the mode's usual ones
    before the others), then the rest of connection_config. Hidden and automated fields are included.
    `configured`: names of the integration's own fields that have a value; a TWO_STEP connection
    is not asked for those. Raises DefinitionError.
    """
    config = [_field(name, "connection_config", field) for name, field in provider.connection_config.items()]
    ordered = sorted((field for field in config if field.order is not None), key=lambda field: field.order or 0)
    unordered = [field for field in config if field.order is None]
    return (*ordered, *_credential_fields(provider, configured), *unordered)


def assertion_fields(provider: Provider) -> tuple[Field, ...]:
    """What is asked each time an account is connected, used once and never stored. Raises DefinitionError."""
    return tuple(_field(name, "assertion_option", field) for name, field in provider.assertion_option.items())


def integration_fields(provider: Provider) -> tuple[Field, ...]:
    """The integration's own fields, which hold for all its connections, in the order in which a form asks.

    Raises DefinitionError.
    """
    fields = [_field(name, "integration_config", field) for name, field in provider.integration_config.items()]
    return tuple(sorted(fields, key=lambda field: (field.order is None, field.order or 0)))


def secret_names(provider: Provider) -> tuple[frozenset[str], frozenset[str]]:
    """The secret names of connection_config and of credentials.

    A connection_config field is secret if it says so. A credential is secret unless it says
    otherwise, is an e-mail address, or is a user name or a public id. A credential that is not
    declared at all is secret too, though it is not named here.
    """
    secret = [field for field in fields_of(provider) if field.secret]
    return (
        frozenset(field.name for field in secret if field.group == "connection_config"),
        frozenset(field.name for field in secret if field.group == "credentials"),
    )


def schema_of(provider: Provider, group: Group) -> dict[str, Any]:
    """JSON Schema 2020-12 for one group of the provider's fields.

    Patterns are written so that JavaScript and Python engines read them alike.
    """
    fields = [field for field in fields_of(provider) if field.group == group]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{provider.display_name}: {group}",
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _credential_fields(provider: Provider, configured: Collection[str]) -> Iterator[Field]:
    usual = usual_fields(provider, configured)
    longest = _LONGEST_OF_MODE if provider.auth_mode in _SHORT_MODES else LONGEST
    for name, descriptor in usual.items():
        yield _field(name, "credentials", descriptor, longest)
    for name, descriptor in provider.credentials.items():
        if name not in usual:
            yield _field(name, "credentials", descriptor)


def _field(name: str, group: Group, descriptor: Mapping[str, Any], longest: int = LONGEST) -> Field:
    order = descriptor.get("order")
    return Field(
        name=name,
        group=group,
        title=_text(descriptor, "title") or name,
        description=_text(descriptor, "description") or "",
        example=_text(descriptor, "example"),
        pattern=_text(descriptor, "pattern"),
        format=_text(descriptor, "format"),
        enum=_choices(name, descriptor),
        optional=bool(descriptor.get("optional")),
        secret=_is_secret(name, group, descriptor),
        default_value=_text(descriptor, "default_value"),
        hidden=bool(descriptor.get("hidden")),
        automated=bool(descriptor.get("automated")),
        prefix=_text(descriptor, "prefix"),
        suffix=_text(descriptor, "suffix"),
        doc_section=_text(descriptor, "doc_section"),
        order=order if isinstance(order, int) else None,
        longest=longest,
    )


def _choices(name: str, descriptor: Mapping[str, Any]) -> tuple[str, ...]:
    choices = descriptor.get("enum") or ()
    if not isinstance(choices, (list, tuple)):
        raise DefinitionError(f"The field {name}: enum has to be a list.")
    return tuple(map(str, choices))


def _text(descriptor: Mapping[str, Any], key: str) -> str | None:
    value = descriptor.get(key)
    return None if value is None else str(value)


def _is_secret(name: str, group: Group, descriptor: Mapping[str, Any]) -> bool:
    if group in ("connection_config", "integration_config") or descriptor.get("secret"):
        return bool(descriptor.get("secret"))
    if name in ("apiKey", "password"):
        return True
    return descriptor.get("secret") is None and name not in _OPEN_NAMES and descriptor.get("format") != "email"


def _property(field: Field) -> dict[str, Any]:
    described = {
        "title": field.title,
        "description": field.description or None,
        "examples": [field.example] if field.example else None,
        "default": field.default_value,
        "writeOnly": field.secret or None,
        "readOnly": field.automated or None,
    }
    return {"type": "string"} | {key: value for key, value in described.items() if value is not None} | _limits(field)


def _limits(field: Field) -> dict[str, Any]:
    limits: dict[str, Any] = {"maxLength": field.longest}
    if field.hidden:
        return limits
    if field.enum:
        return limits | {"enum": [*field.enum, ""] if field.optional else list(field.enum)}
    if field.format:
        limits["format"] = field.format
    elif field.default_value is None:
        limits["minLength"] = 1
    if field.pattern:
        limits["pattern"] = _portable(field.pattern)
    return {"anyOf": [{"const": ""}, limits]} if field.optional else limits


def _portable(pattern: str) -> str:
    try:
        return portable(pattern)
    except PatternError:
        return pattern
