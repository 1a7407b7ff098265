"""An integration: a provider as it is configured in an environment, for all its connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

OWN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "APP": ("app_id", "app_link", "private_key"),
    "CUSTOM": ("app_id", "app_link", "private_key"),
    "INSTALL_PLUGIN": ("app_link", "username", "password"),
}
"""Own fields that an auth mode reads although no definition describes them, in the order in which a form asks."""

_OPEN = frozenset({"app_id", "app_link", "callback_url", "service", "stsMode"})


@dataclass(frozen=True, repr=False)
class Integration:
    """What the operator configured. Its `repr` shows the name only."""

    unique_key: str = ""  # "" for one that is stored nowhere
    client_id: str = ""  # of the OAuth client
    client_secret: str = ""
    scopes: str = ""  # a list with commas in between, whatever the provider's own separator is
    custom: Mapping[str, Any] = field(default_factory=dict)  # values of the integration's own fields
    hosts: frozenset[str] = frozenset()  # further hosts that its credentials may go to: host, or host:port

    def __repr__(self) -> str:
        return f"Integration({self.unique_key!r})"

    def secret_names(self, fields: Mapping[str, Any]) -> Iterator[str]:
        """The names of the secret own fields that have a value.

        `fields` is the definition's integration_config. A field described there says itself whether
        it is secret; one that is not described there is, unless it is known to be open.
        """
        for name in self.custom:
            described = fields.get(name)
            if described.get("secret") if isinstance(described, Mapping) else name not in _OPEN:
                yield name

    def secrets(self, fields: Mapping[str, Any]) -> Iterator[Any]:
        """The client secret and the values of the secret own fields; see `secret_names`."""
        yield self.client_secret
        yield from (self.custom[name] for name in self.secret_names(fields))
