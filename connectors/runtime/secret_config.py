"""Which values of a connection's config are secret. Most are part of an address; some are tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.runtime.catalog import Provider
from connectors.runtime.fields import secret_names

_SOUNDS_SECRET = re.compile(
    r"(?:token|secret|password|credential|jwt|(?:private|api|access)_?key)s?(?:_?override)?\Z"
    r"|webhook[._]?url\Z",  # whoever has such an address may post
    re.IGNORECASE,
)


def secret_config(provider: Provider, config: Mapping[str, Any]) -> frozenset[str]:
    """The names of `config` whose values are sealed and never shown.

    A field whose description has `secret` says itself whether it is. Many descriptions do not have it,
    and what came from an answer of the provider, from a script or from an auth mode is described
    nowhere: there a value is secret if its name says so, or the name of something in it.
    """
    hidden, _ = secret_names(provider)
    fields = provider.connection_config.items()
    said = {name for name, field in fields if isinstance(field, Mapping) and field.get("secret") is not None}
    return hidden | {name for name, value in config.items() if name not in said and _is_secret(name, value)}


def _is_secret(name: object, value: object) -> bool:
    if _SOUNDS_SECRET.search(str(name)):
        return True
    if isinstance(value, Mapping):
        return any(_is_secret(inner, item) for inner, item in value.items())
    return isinstance(value, (list, tuple)) and any(_is_secret("", item) for item in value)
