"""A connection: one customer's account at one provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connectors.runtime.catalog import Provider
from connectors.runtime.fields import secret_names
from connectors.runtime.integration import Integration
from connectors.runtime.redact import Redactor


@dataclass(frozen=True, repr=False)
class Connection:
    """What a request needs to know about an account. Its `repr` shows names, never values."""

    provider: Provider
    connection_config: Mapping[str, Any]  # as validated: part of addresses, tenant ids, …
    credentials: Mapping[str, Any]  # by name, and "type": the kind of credential, usually the auth mode
    metadata: Mapping[str, Any] = field(default_factory=dict)  # what the host noted about the account
    id: str = ""  # "" for a connection that is stored nowhere
    integration: Integration = field(default_factory=Integration)  # what the operator configured

    def __repr__(self) -> str:
        config = ", ".join(map(str, self.connection_config)) or "none"
        credentials = ", ".join(str(name) for name in self.credentials if name != "type") or "none"
        return f"Connection({self.provider.name!r}, id={self.id!r}, config: {config}; credentials: {credentials})"

    @cached_property
    def credential_type(self) -> str:
        """The kind of credential, which decides the default header: `type`, else the provider's auth mode."""
        return str(self.credentials.get("type") or self.provider.auth_mode)

    @property
    def custom(self) -> Mapping[str, Any]:
        """Values of the integration's own fields."""
        return self.integration.custom

    @cached_property
    def base_url(self) -> str | None:
        """The template of the base URL: the integration's own, else the definition's."""
        own = self.custom.get("baseUrl") if self._key_name else None
        return str(own) if own else self.provider.base_url

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Header templates: the definition's, and where the integration wants its key."""
        key = {} if self._key_in_query or not self._key_name else {self._key_name.lower(): self._key_template}
        return {**self.provider.headers, **key}

    @cached_property
    def query(self) -> Mapping[str, Any]:
        """Query templates: the definition's, and where the integration wants its key."""
        return {**self.provider.query, **({self._key_name: self._key_template} if self._key_in_query else {})}

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, as text."""
        secret, _ = self._values
        return tuple(dict.fromkeys(secret))

    @cached_property
    def redactor(self) -> Redactor:
        """Masks this connection's secrets, also where they are joined with a user name."""
        secret, open_ = self._values
        pairs = [(user, key) for key in secret for user in (*open_, *secret)]
        return Redactor(secret, pairs)

    @property
    def _key_name(self) -> str:
        """Where the integration's own fields put the key; "" for definitions that have no such fields."""
        return str(self.custom.get("keyName") or "") if "integration_config" in self.provider.definition else ""

    @property
    def _key_in_query(self) -> bool:
        return bool(self._key_name) and self.custom.get("keyPlacement") == "query"

    @property
    def _key_template(self) -> str:
        return str(self.custom.get("valueTemplate") or "${apiKey}")

    @cached_property
    def _values(self) -> tuple[list[str], list[str]]:
        """Secret values and open ones."""
        config_names, credential_names = secret_names(self.provider)
        open_names = {name for name in self.provider.credentials if name not in credential_names}
        if not self.credentials.get("password"):
            open_names.discard("username")  # a user name that goes without a password is the key itself
        secret: list[str] = []
        open_: list[str] = [""]
        for name, value in self.connection_config.items():
            (secret if name in config_names else open_).extend(_texts(value))
        for name, value in self.credentials.items():
            if name != "type":
                (open_ if name in open_names else secret).extend(_texts(value))
        own_fields = self.provider.definition.get("integration_config")
        own = self.integration.secrets(own_fields if isinstance(own_fields, Mapping) else {})
        secret.extend(text for value in own for text in _texts(value))
        return [text for text in secret if text], open_


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield str(value)
