"""The error for a placeholder of a token request that has no value."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.errors import UnresolvedPlaceholder
from connectors.runtime.catalog import Provider
from connectors.runtime.fields import fields_of

_GROUPS = ("credentials.", "connection_config.", "connectionConfig.")


def missing_value(
    provider: Provider, names: Sequence[str], place: str, reference_code: str | None = None
) -> UnresolvedPlaceholder:
    """`names` are the inner texts of the placeholders, `place` says where they stand, e.g. "token_url"."""
    titles = {field.name: field.title for field in fields_of(provider)}
    shown = ", ".join(dict.fromkeys(titles.get(bare, bare) for bare in map(_bare, names)))
    return UnresolvedPlaceholder(
        f"The {place} of {provider.name} needs a value that was not given: {shown}.",
        placeholders=tuple(names),
        provider=provider.name,
        reference_code=reference_code,
    )


def _bare(name: str) -> str:
    for group in _GROUPS:
        name = name.removeprefix(group)
    return name
