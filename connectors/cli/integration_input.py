"""What a command line, the environment and a person give for an integration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from connectors.cli.given import Stdin, pairs, secret, variable_of
from connectors.cli.terminal import plain, tell
from connectors.runtime.catalog import Provider
from connectors.runtime.integration import OWN_FIELDS, Integration

_CLIENT_SECRET = "client_secret"  # noqa: S105 - a name
_WITH_CLIENT = frozenset({"CUSTOM", "MCP_OAUTH2", "OAUTH1", "OAUTH2", "TBA"})
_HOW = "Leave it out to be asked, give it as @FILE (@- reads standard input), or in a variable (see --help)."


@dataclass
class Values:
    """What was given; None: nothing was said about it."""

    client_id: str | None = None
    client_secret: str | None = None
    scopes: str | None = None
    custom: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Values(custom={sorted(self.custom)})"

    def to_create(self) -> dict[str, Any]:
        """Arguments of `Integrations.create`."""
        return {
            "client_id": self.client_id or "",
            "client_secret": self.client_secret or "",
            "scopes": self.scopes,
            "custom": self.custom,
        }

    def to_update(self) -> dict[str, Any]:
        """Arguments of `Integrations.update`: only what was given."""
        named = {"client_id": self.client_id, _CLIENT_SECRET: self.client_secret, "scopes": self.scopes}
        given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        return {**given, **({"custom": self.custom} if self.custom else {})}


def read(
    provider: Provider,
    *,
    client_id: str | None,
    client_secret: str | None,
    scopes: str | None,
    custom: Iterable[str],
    environ: Mapping[str, str],
) -> Values:
    """The values that options and environment variables give; an option goes before a variable.

    Raises `SecretOnCommandLine` for a secret that was typed, `InputError` for a file that cannot be read.
    """
    stdin = Stdin()
    values = Values(client_id, None, scopes, _from_variables(provider, environ))
    if client_secret is not None:
        values.client_secret = secret("the client secret", client_secret, stdin, next_step=_HOW)
    elif provider.auth_mode in _WITH_CLIENT:
        values.client_secret = environ.get(variable_of(_CLIENT_SECRET)) or None
    for name, value in pairs(custom, "--custom"):
        from_file = value.startswith("@") or (value != "" and is_secret(provider, name))
        known = own_names(provider)
        how = f"No field is called {name}; the fields are {', '.join(known)}." if known and name not in known else _HOW
        values.custom[name] = secret(name, value, stdin, next_step=how) if from_file else value
    return values


def ask(provider: Provider, values: Values) -> None:
    """Ask a person for what was not given. What may be left out may stay empty."""
    if provider.auth_mode in _WITH_CLIENT:
        if values.client_id is None:
            values.client_id = _prompt("Client ID", hidden=False)
        if values.client_secret is None:
            values.client_secret = _prompt("Client secret (may stay empty)", hidden=True)
    for name in own_names(provider):
        if name in values.custom or not _visible(provider, name, values.custom):
            continue
        answer = _own(provider, name)
        if answer:
            values.custom[name] = answer


def own_names(provider: Provider) -> tuple[str, ...]:
    """The names of an integration's own fields."""
    return tuple(provider.integration_config) or OWN_FIELDS.get(provider.auth_mode, ())


def names(provider: Provider) -> tuple[str, ...]:
    """The names of all that an integration gives, its OAuth client included; none if it needs nothing."""
    registers = provider.definition.get("client_registration") == "dynamic"
    client = provider.auth_mode in _WITH_CLIENT and not registers
    return (*(("client_id", _CLIENT_SECRET) if client else ()), *own_names(provider))


def is_secret(provider: Provider, name: str) -> bool:
    """Whether an own field is a secret."""
    return name in Integration(custom={name: ""}).secret_names(provider.integration_config)


def _from_variables(provider: Provider, environ: Mapping[str, str]) -> dict[str, str]:
    names = [name for name in own_names(provider) if is_secret(provider, name)]
    return {name: value for name in names if (value := environ.get(variable_of(name)))}


def _visible(provider: Provider, name: str, custom: Mapping[str, str]) -> bool:
    """Whether the form shows a field: it may depend on another one's value, and that one too."""
    when = provider.integration_config.get(name, {}).get("visible_when")
    if not isinstance(when, Mapping):
        return True
    other = str(when.get("field"))
    described = provider.integration_config.get(other, {})
    value = custom.get(other) or described.get("default_value")
    return value == when.get("equals") and _visible(provider, other, custom)


def _own(provider: Provider, name: str) -> str:
    described = provider.integration_config.get(name, {})
    if described.get("description"):
        tell(f"\n  {described['description']}")
    required = described and not described.get("optional") and described.get("default_value") is None
    title = str(described.get("title") or name) + ("" if required else " (may stay empty)")
    answer = _prompt(title, hidden=is_secret(provider, name), default=str(described.get("default_value") or ""))
    return secret(name, answer, Stdin()) if answer.startswith("@") and is_secret(provider, name) else answer


def _prompt(title: str, *, hidden: bool, default: str = "") -> str:
    answer: str = click.prompt(
        f"  {plain(title)}", default=default, show_default=bool(default) and not hidden, hide_input=hidden, err=True
    )
    return answer.strip()
