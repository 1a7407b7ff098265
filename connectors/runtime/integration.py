"""An integration: a provider as it is configured in an environment, for all its connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, repr=False)
class Integration:
    """What the operator configured. Its `repr` shows the name only."""

    unique_key: str = ""  # "" for one that is stored nowhere
    client_id: str = ""  # of the OAuth client
    client_secret: str = ""
    scopes: str = ""  # a list with commas in between, whatever the provider's own separator is
    custom: Mapping[str, Any] = field(default_factory=dict)  # values of the definition's integration_config

    def __repr__(self) -> str:
        return f"Integration({self.unique_key!r})"

    @property
    def secrets(self) -> Iterator[Any]:
        """The client secret, and every own field that is not plainly open."""
        yield self.client_secret
        for name, value in self.custom.items():
            if any(word in name.lower() for word in _SECRET_WORDS):
                yield value


_SECRET_WORDS = ("secret", "key", "password", "token", "credential")
