"""A connection: one customer's account at one provider."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connectors.runtime.catalog import Provider
from connectors.runtime.fields import secret_names
from connectors.runtime.integration import Integration
from connectors.runtime.redact import Redactor
from connectors.runtime.secret_config import secret_config

if TYPE_CHECKING:
    from connectors.runtime.auth.flow import Grant

# What a token answer says about a token (RFC 6749, section 5.1), and we after it: common words and numbers, no secret.
_OF_TOKENS = frozenset({"token_type", "expires_in", "expires_at", "scope"})


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

    def granted(self, grant: Grant) -> Connection:
        """The connection with what a grant gives: its credentials, and its config laid over (None removes a name)."""
        config = laid_over(self.connection_config, grant.connection_config)
        return self.followed_by(replace(self, credentials=dict(grant.credentials), connection_config=config))

    def followed_by(self, later: Connection) -> Connection:
        """The same account as it became later; both mask the secrets of both, wherever their redactor was handed."""
        self.redactor.cover(later.redactor)
        later.__dict__["redactor"] = self.redactor
        return later

    @property
    def custom(self) -> Mapping[str, Any]:
        """Values of the integration's own fields."""
        return self.integration.custom

    @property
    def has_own_base_url(self) -> bool:
        """Whether the connection's config names the base URL outside any template; AWS_SIGV4 only."""
        return self.credential_type == "AWS_SIGV4" and bool(self.connection_config.get("base_url"))

    @cached_property
    def base_url(self) -> str | None:
        """The template of the base URL: the connection's own, else the integration's, else the definition's."""
        if self.has_own_base_url:
            return "${connectionConfig.base_url}"
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
        _, credential_names = secret_names(self.provider)
        config_names = secret_config(self.provider, self.connection_config)
        open_names = {name for name in self.provider.credentials if name not in credential_names}
        if not self.credentials.get("password"):
            open_names.discard("username")  # a user name that goes without a password is the key itself
        secret: list[str] = []
        open_: list[str] = [""]
        for name, value in self.connection_config.items():
            (secret if name in config_names else open_).extend(_texts(value))
        for name, value in self.credentials.items():
            if name != "type" and (name not in _OF_TOKENS or name in self.provider.credentials):
                (open_ if name in open_names else secret).extend(_texts(value, without=_OF_TOKENS))
        own_fields = self.provider.definition.get("integration_config")
        own = self.integration.secrets(own_fields if isinstance(own_fields, Mapping) else {})
        secret.extend(text for value in own for text in _texts(value))
        return [text for text in secret if text], open_


def laid_over(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A connection's config with changes to it; None takes a name out."""
    return {name: value for name, value in {**config, **changes}.items() if value is not None}


def _texts(value: Any, *, without: Collection[str] = ()) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name not in without:
                yield from _texts(item, without=without)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, without=without)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield str(value)
