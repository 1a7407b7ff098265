"""Lists of names in a definition, which nobody has checked before a mode reads them."""

from __future__ import annotations

from connectors.errors import DefinitionError
from connectors.runtime.catalog import Provider


def texts(provider: Provider, key: str) -> list[str]:
    """The list of texts at a key of the definition; empty if it is not there. Raises DefinitionError for any other."""
    value = provider.definition.get(key) or []
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise DefinitionError(f"{key} of {provider.name} has to be a list of texts.", provider=provider.name)
    return list(value)
