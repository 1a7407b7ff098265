"""`connectors integrations`: create, list, show, update, delete."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import NothingYet, current_choices
from connectors.cli.command import Group, json_option
from connectors.cli.failures import NEEDS_YES, NeedsYes
from connectors.cli.table import say_facts, say_table
from connectors.cli.terminal import can_ask, command_line, moment, plain, say, say_json, tell, with_times
from connectors.errors import InputError, UnknownIntegration

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.engine.store.integrations import StoredIntegration

_OPTIONS = (
    click.option("--client-id", metavar="ID", help="Of the OAuth client that the provider gave you."),
    click.option("--client-secret", metavar="@FILE", help="Its secret, from a file; @- is standard input."),
    click.option("--scopes", metavar="LIST", help="What to ask consent for, with commas in between."),
    click.option("--custom", metavar="NAME=VALUE", multiple=True, help="An own field; a secret one as NAME=@FILE."),
    click.option("--allow-host", "hosts", metavar="HOST", multiple=True, help="A further host for its credentials."),
)


def _configuring(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what can be configured."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.group(cls=Group)
def integrations() -> None:
    """Configure providers: clients, scopes, own fields."""


@integrations.command()
@click.argument("key")
@click.option("--provider", metavar="NAME", required=True, help="The provider that it configures.")
@_configuring
@json_option
def create(key: str, *, provider: str, hosts: Sequence[str], as_json: bool, **given: Any) -> None:
    """Configure a provider under a key of your own.

    Asks for what is missing. A secret is never typed on the command line: leave it out to be asked,
    give it as @FILE, or in a variable: CONNECTORS_CREDENTIAL_CLIENT_SECRET, or
    CONNECTORS_CREDENTIAL_NAME for an own field. Without --scopes, those of the definition count.
    """
    from connectors.cli.integration_input import ask, read

    choices = current_choices()
    definition = choices.catalog.get(provider)
    values = read(definition, **given, environ=os.environ)
    if can_ask():
        ask(definition, values)
    with choices.host(create=True) as host:
        stored = host.integrations.create(
            choices.environment, key, provider=provider, hosts=hosts, **values.to_create()
        )
    if as_json:
        say_json(with_times(stored.to_dict()))
        return
    say(f"Created {stored.unique_key} for {definition.display_name}, environment {stored.environment}.")
    tell(choices.repeated(f"next: {command_line('connect', provider, *_where(stored))}"))


@integrations.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the integrations of the environment."""
    choices = current_choices()
    nothing = f"There is no integration in the environment {choices.environment}."
    try:
        with choices.host() as host:
            found = host.integrations.list(choices.environment)
    except NothingYet as error:
        found, nothing = [], error.message
    if as_json:
        say_json([with_times(stored.to_dict()) for stored in found])
    elif found:
        say_table(("key", "provider", "client id", "secrets", "connections"), [_row(stored) for stored in found])
    else:
        tell(choices.repeated(f"{nothing}\nnext: connectors integrations create KEY --provider NAME"))


@integrations.command()
@click.argument("key")
@json_option
def show(key: str, *, as_json: bool) -> None:
    """Show an integration without its secrets."""
    stored = _find(key)
    if as_json:
        say_json(with_times(stored.to_dict()))
    else:
        say_facts(_facts(stored))


@integrations.command()
@click.argument("key")
@_configuring
@click.option("--no-hosts", is_flag=True, help="Take back every --allow-host.")
@json_option
def update(key: str, *, hosts: Sequence[str], no_hosts: bool, as_json: bool, **given: Any) -> None:
    """Change what is given, and nothing else.

    An empty text (or file) clears a value; --allow-host replaces the whole list. Connections are
    not asked again: they use the new values from now on.
    """
    from connectors.cli.integration_input import read

    choices = current_choices()
    stored = _find(key)
    values = read(choices.catalog.get(stored.provider), **given, environ={})
    if no_hosts and hosts:
        raise InputError("--no-hosts takes back what --allow-host gives.", next_step="Give one of them.")
    changes = {**values.to_update(), **({"hosts": hosts} if hosts or no_hosts else {})}
    if not changes:
        raise InputError("There is nothing to change.", next_step="Give at least one of the options.")
    with choices.host() as host:
        stored = host.integrations.update(choices.environment, key, **changes)
    if as_json:
        say_json(with_times(stored.to_dict()))
    else:
        say(f"Changed {key}: {', '.join(sorted(name.replace('_', ' ') for name in changes))}.")


@integrations.command()
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(key: str, *, yes: bool, as_json: bool) -> None:
    """Delete an integration that has no connections."""
    choices = current_choices()
    stored = _find(key)
    if not (yes or _agreed(stored)):
        tell("Nothing was deleted.")
        click.get_current_context().exit(NEEDS_YES)
    with choices.host() as host:
        host.integrations.delete(choices.environment, key)
    if as_json:
        say_json({"environment": stored.environment, "unique_key": key, "provider": stored.provider})
    else:
        say(f"Deleted {key}.")


def _find(key: str) -> StoredIntegration:
    """The integration. Raises `UnknownIntegration`, also where nothing was ever stored."""
    choices = current_choices()
    try:
        with choices.host() as host:
            return host.integrations.get(choices.environment, key)
    except NothingYet as error:
        raise UnknownIntegration(error.message) from None


def _agreed(stored: StoredIntegration) -> bool:
    what = f"the integration {stored.unique_key} ({stored.provider})"
    if not can_ask():
        raise NeedsYes(f"Deleting {what} needs a yes.")
    return click.confirm(plain(f"Delete {what}?"), err=True)


def _where(stored: StoredIntegration) -> tuple[str, ...]:
    return () if stored.unique_key == stored.provider else ("--integration", stored.unique_key)


def _row(stored: StoredIntegration) -> tuple[Any, ...]:
    return stored.unique_key, stored.provider, stored.client_id, ", ".join(stored.secrets), stored.connections


def _facts(stored: StoredIntegration) -> list[tuple[str, str]]:
    rows = [("key", stored.unique_key), ("provider", stored.provider), ("environment", stored.environment)]
    rows += [("client id", stored.client_id or "none"), ("scopes", stored.scopes or "none")]
    rows += [(f"own {name}", str(value)) for name, value in stored.custom.items()]
    rows += [
        (name.replace("_", " ") if name == "client_secret" else f"own {name}", "[secret]") for name in stored.secrets
    ]
    rows += [("further hosts", ", ".join(stored.hosts) or "none"), ("created", moment(stored.created_at))]
    return [*rows, ("changed", moment(stored.updated_at))]
