"""The form that `connect` is on a terminal: field by field, each answer checked at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from connectors.cli.given import Given, Stdin, secret
from connectors.cli.terminal import plain, tell
from connectors.errors import ConfigError
from connectors.runtime.fields import check_input

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider
    from connectors.runtime.fields import Field


def is_asked(field: Field) -> bool:
    """Whether a person is asked for it."""
    return not (field.hidden or field.automated)


def missing(fields: Sequence[Field], given: Given) -> list[Field]:
    """The required fields without a value, in the order of the form."""
    return [field for field in fields if field.required and field.name not in given.group(field.group)]


def problem(provider: Provider, field: Field, value: str) -> str | None:
    """What is wrong with a field's value; None: it fits."""
    config = {field.name: value} if field.group == "connection_config" else {}
    credentials = {field.name: value} if field.group == "credentials" else {}
    assertion = {field.name: value} if field.group == "assertion_option" else None
    try:
        check_input(provider, config, credentials, assertion)
    except ConfigError as error:
        own = (each.message for each in error.problems if (each.group, each.field) == (field.group, field.name))
        return next(own, None)
    return None


def fill(provider: Provider, fields: Sequence[Field], given: Given) -> None:
    """Ask for everything that is missing or wrong. Optional fields are asked along, and may stay empty."""
    again = {field.name: reason for field in fields if (reason := _reason(provider, field, given))}
    if not again and not missing(fields, given):
        return
    tell(f"{provider.display_name} needs a few details.")
    for field in filter(is_asked, fields):
        values = given.group(field.group)
        if field.name in values and field.name not in again:
            continue
        if field.name in again:
            tell(f"{field.title} {again[field.name]}")
        answer = ask(provider, field)
        if answer is not None:
            values[field.name] = answer


def ask(provider: Provider, field: Field) -> str | None:
    """A person's answer that fits; None for an optional field that stays empty."""
    _describe(field)
    while True:
        answer: str = click.prompt(
            f"  {plain(field.title)}",
            default=field.default_value or "",
            show_default=bool(field.default_value) and not field.secret,
            hide_input=field.secret,
            err=True,
        )
        if not answer and not field.required:
            return None
        if field.is_key_material and answer.startswith("@"):
            answer = secret(field.name, answer, Stdin())
        reason = problem(provider, field, answer)
        if reason is None:
            return answer
        tell(f"  {field.title} {reason}")


def _reason(provider: Provider, field: Field, given: Given) -> str | None:
    value = given.group(field.group).get(field.name)
    return None if value is None else problem(provider, field, value)


def _describe(field: Field) -> None:
    click.echo("", err=True)
    if field.description:
        tell(f"  {field.description}")
    hints = []
    if field.prefix or field.suffix:
        hints.append(f"the … in {field.prefix or ''}…{field.suffix or ''}")
    if field.enum:
        hints.append(f"one of {', '.join(field.enum)}")
    if field.example:
        hints.append(f"for example {field.example}")
    if field.is_key_material:
        hints.append("@FILE reads it from a file")
    if not field.required:
        hints.append("may stay empty")
    if hints:
        tell(f"  ({'; '.join(hints)})")
