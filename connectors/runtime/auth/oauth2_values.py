"""What a definition says of an OAuth 2.0 request, with a connection's values in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime.auth.declared import texts
from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.missing import missing_value
from connectors.runtime.template import render


def url_of(ask: Ask, config: Mapping[str, Any], key: str) -> str:
    """The address at a key of the definition, e.g. `token_url`.

    Raises DefinitionError without one, UnresolvedPlaceholder if a value is missing, HostRefused for one
    that may not stand where it would, InvalidUrl.
    """
    definition = ask.provider.definition
    skip = "base_url" in texts(ask.provider, f"{key}_skip_encode")
    return make_url(definition.get(key), config, moment=ask.moment, skip_encode=skip, name=key)


def scopes(ask: Ask) -> str:
    """The integration's scopes as the provider wants them joined; empty without any."""
    separator = ask.provider.definition.get("scope_separator")
    return ask.integration.scopes.replace(",", separator if isinstance(separator, str) and separator else " ")


def resolved(ask: Ask, key: str, connection_config: Mapping[str, Any]) -> dict[str, Any]:
    """A map of the definition, its texts with the connection's values in them.

    Raises UnresolvedPlaceholder, DefinitionError if it is no map.
    """
    entries = ask.provider.definition.get(key) or {}
    if not isinstance(entries, Mapping):
        raise DefinitionError(f"{key} of {ask.provider.name} is no map.", provider=ask.provider.name)
    return {str(name): _resolved(ask, f"{key}.{name}", value, connection_config) for name, value in entries.items()}


def _resolved(ask: Ask, place: str, value: Any, connection_config: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        return value
    rendered = render(value, {"connectionConfig": connection_config}, moment=ask.moment)
    if rendered.missing:
        raise missing_value(ask.provider, rendered.missing, place, "url_param_err")
    return rendered.text
