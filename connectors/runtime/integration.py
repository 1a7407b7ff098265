"""An integration: a provider as it is configured in an environment, for all its connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_OPEN = frozenset({"app_id", "app_link", "service", "stsMode"})


@dataclass(frozen=True, repr=False)
class Integration:
    """What the operator configured. Its `repr` shows the name only."""

    unique_key: str = ""  # "" for one that is stored nowhere
    client_id: str = ""  # of the OAuth client
    client_secret: str = ""
    scopes: str = ""  # a list with commas in between, whatever the provider's own separator is
    custom: Mapping[str, Any] = field(default_factory=dict)  # values of the integration's own fields

    def __repr__(self) -> str:
        return f"Integration({self.unique_key!r})"

    def secrets(self, fields: Mapping[str, Any]) -> Iterator[Any]:
        """The client secret and the secret own fields.

        `fields` is the definition's integration_config. A field described there says itself whether
        it is secret; one that is not described there is, unless it is known to be open.
        """
        yield self.client_secret
        for name, value in self.custom.items():
            described = fields.get(name)
            if described.get("secret") if isinstance(described, Mapping) else name not in _OPEN:
                yield value
