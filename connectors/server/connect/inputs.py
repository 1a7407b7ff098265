"""What the form asks for: one input per field of a definition, with what a page has to know of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connectors.runtime.catalog import Provider
from connectors.runtime.field_positions import is_whole_host
from connectors.runtime.fields import Field, assertion_fields, fields_of
from connectors.server.connect.languages import Language

_LINK = re.compile(r"(https?://|/(?![/\\]))[^\s\\]*\Z", re.IGNORECASE)
_ANCHOR = re.compile(r"#[^\s#]+\Z")


@dataclass(frozen=True, repr=False)
class Input:
    """One field as it is drawn."""

    id: str
    field: Field
    value: str  # what stands in it at first; never a secret
    required: bool
    pasted: bool  # whether the field's own part is taken from an address that is pasted into it
    help: str | None  # address of the guide's section
    title: str
    description: str
    title_lang: str | None
    description_lang: str | None
    missing: str  # what is said when nothing is in it
    misfit: str  # and when it is not what is expected

    @property
    def kind(self) -> str:
        """`select`, `area` (a key of many lines), `secret` or `line`."""
        if self.field.enum:
            return "select"
        if self.field.is_key_material:
            return "area"
        return "secret" if self.field.secret else "line"

    @property
    def input_mode(self) -> str | None:
        """Which keys a phone offers."""
        return {"email": "email", "uri": "url", "hostname": "url"}.get(self.field.format or "")


def inputs(
    provider: Provider,
    language: Language,
    *,
    configured: Collection[str] = (),
    preset: Collection[str] = (),
    known: Mapping[str, str] | None = None,
    guide: str | None = None,
) -> tuple[Input, ...]:
    """The fields that a person is asked for, in order.

    `configured`: the integration's own fields that have a value. `preset`: names of connection_config that the
    session has set. `known`: values of connection_config that an account has, where it is connected again.
    `guide`: the page that help icons lead to.
    """
    asked = [
        field
        for field in (*fields_of(provider, configured), *assertion_fields(provider))
        if not (field.hidden or field.automated or (field.group == "connection_config" and field.name in preset))
    ]
    return tuple(_input(provider, language, field, at, known or {}, guide) for at, field in enumerate(asked))


def guide_of(provider: Provider, override: str | None = None) -> str | None:
    """The address of the guide to connecting: a web address or a path of ours, nothing else."""
    found = override or provider.definition.get("docs_connect")
    return found if isinstance(found, str) and _LINK.match(found) else None


def may_be_empty(provider: Provider, field: Field) -> bool:
    """Whether either half of a pair may stay empty: many providers take a key as the user alone (RFC 7617)."""
    half = field.group == "credentials" and field.name in ("username", "password")
    return half and provider.auth_mode == "BASIC" and field.pattern is None


def _input(
    provider: Provider, language: Language, field: Field, at: int, known: Mapping[str, str], guide: str | None
) -> Input:
    title = language.text(field.title)
    open_value = known.get(field.name) if field.group == "connection_config" and not field.secret else None
    return Input(
        id=f"field-{at}",
        field=field,
        value=open_value or ("" if field.secret else field.default_value or ""),
        required=field.required and not (field.name == "password" and may_be_empty(provider, field)),
        pasted=_is_part_of_address(provider, field),
        help=guide + field.doc_section
        if guide and _ANCHOR.match(field.doc_section or "") and field.doc_section
        else None,
        title=title,
        description=language.text(field.description),
        title_lang=language.lang(field.title),
        description_lang=language.lang(field.description),
        missing=language.say("missing", title=title),
        misfit=misfit(language, field),
    )


def misfit(language: Language, field: Field) -> str:
    """What is said of a value that does not fit."""
    title = language.text(field.title)
    if language.code == "en":
        return language.say("misfit", title=title, expected=field.expected)
    if field.format in ("email", "hostname", "uri", "uuid"):
        return language.say("misfit", title=title, expected=language.say(f"format_{field.format}"))
    if field.example:
        return language.say("misfit", title=title, expected=language.say("such_as", example=field.example))
    return language.say("misfit_plain", title=title)


def _is_part_of_address(provider: Provider, field: Field) -> bool:
    """Rule pasted-address, docs/compatibility.md; the server applies it again."""
    if not (field.prefix and field.suffix):
        return False
    return not (field.suffix.startswith(".") and is_whole_host(provider.base_url or "", field.group, field.name))
