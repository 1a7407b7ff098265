"""Reads what was submitted for a mode that says itself what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from connectors.errors import ConfigError, DefinitionError, KeyMaterialInvalid, Problem
from connectors.runtime.auth.flow import Ask
from connectors.runtime.fields import fields_of


def submitted(ask: Ask, *names: str) -> dict[str, str]:
    """The texts of these credentials. Raises ConfigError that names all that are missing, empty or no text."""
    titles = {field.name: field.title for field in fields_of(ask.provider)}
    given = {name: ask.credentials.get(name) for name in names}
    problems = [
        Problem("credentials", name, titles.get(name, name), "has to be given.")
        for name, value in given.items()
        if not isinstance(value, str) or not value
    ]
    if problems:
        raise ConfigError(problems=problems, provider=ask.provider.name)
    return {name: str(value) for name, value in given.items()}


@contextmanager
def signing(ask: Ask, reference_code: str | None = None) -> Iterator[None]:
    """A KeyMaterialInvalid that is raised within says for which provider, and the reference runtime's code."""
    try:
        yield
    except KeyMaterialInvalid as error:
        facts = {"provider": ask.provider.name, "reference_code": reference_code}
        raise KeyMaterialInvalid(error.message, next_step=error.next_step, **facts) from None


def lifetime(ask: Ask) -> float:
    """Milliseconds that a token made here lasts (the definition's `token.expires_in_ms`). Raises DefinitionError."""
    value = part(ask, "token").get("expires_in_ms")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e14:
        raise DefinitionError(f"token.expires_in_ms of {ask.provider.name} is no number of milliseconds.")
    return value


def part(ask: Ask, name: str) -> Mapping[str, Any]:
    """A mapping of the definition; empty if it is not there. Raises DefinitionError if it is none."""
    value = ask.provider.definition.get(name) or {}
    if not isinstance(value, Mapping):
        raise DefinitionError(f"{name} of {ask.provider.name} has to be a mapping.")
    return value
