"""`connectors connect`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import Choices, current_choices
from connectors.cli.command import Command, json_option
from connectors.cli.terminal import can_ask, command_line, say, say_json, tell, with_times
from connectors.errors import ConfigError

if TYPE_CHECKING:
    from connectors.cli.given import Given
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.catalog import Provider
    from connectors.runtime.fields import Field


@click.command(cls=Command)
@click.argument("provider")
@click.option("--id", "id_", metavar="ID", help="What you call this connection; the provider's name if left out.")
@click.option("--integration", metavar="KEY", help="The integration to connect under; called like the provider.")
@click.option("--config", metavar="NAME=VALUE", multiple=True, help="A value of connection_config.")
@click.option("--credential", metavar="NAME=@FILE", multiple=True, help="A secret from a file; @- is standard input.")
@click.option("--metadata", metavar="NAME=VALUE", multiple=True, help="What only we need to know, as plan=enterprise.")
@click.option("--no-verify", is_flag=True, help="Store it without asking the provider whether it is right.")
@json_option
def connect(
    provider: str,
    *,
    id_: str | None,
    integration: str | None,
    config: Sequence[str],
    credential: Sequence[str],
    metadata: Sequence[str],
    no_verify: bool,
    as_json: bool,
) -> None:
    """Connect an account: check, verify and store it.

    Asks for what is missing. A secret is never typed on the command line: leave it out to be asked,
    give it as --credential NAME=@FILE, or in the variable CONNECTORS_CREDENTIAL_NAME. Connecting an
    id again gives it new details and keeps its records.
    """
    from connectors.cli.given import gather, unusual
    from connectors.cli.given import metadata as read_metadata
    from connectors.runtime.fields import fields_of

    choices = current_choices()
    definition = choices.catalog.get(provider)
    fields = fields_of(definition)
    notes = read_metadata(metadata, fields)
    given = gather(fields, config, credential, os.environ)
    name = _complete(definition, fields, given, id_)
    with choices.host(create=True) as host:
        known = host.store.connections.find(choices.environment, name, integration or provider) is not None
        stored = host.connections.connect(
            choices.environment,
            provider=provider,
            id=name,
            integration=integration,
            config=given.config,
            credentials=given.credentials,
            metadata={key: value for key, value in notes.items() if value is not None},
            verify=not no_verify,
        )
    if as_json:
        say_json(with_times(stored.to_dict()))
    else:
        _report(choices, definition, stored, again=known, verify=not no_verify)
    for line in unusual(notes, definition):
        tell(line)


def _complete(definition: Provider, fields: Sequence[Field], given: Given, id_: str | None) -> str:
    """Everything is there and fits, or a person is asked; the connection's id. Raises `ConfigError`."""
    from connectors.cli import form
    from connectors.runtime.fields import check_input

    if can_ask():
        form.fill(definition, fields, given)
        id_ = id_ or click.prompt("  Name of this connection", default=definition.name, err=True)
    lacking = [field for field in form.missing(fields, given) if field.secret]
    try:
        check_input(definition, given.config, given.credentials)
    except ConfigError as error:
        if lacking:
            error.next_step = _how_to_give(lacking[0])
        raise
    return id_ or definition.name


def _how_to_give(field: Field) -> str:
    from connectors.cli.given import variable

    return (
        f"Give {field.name} as --credential {field.name}=@FILE (@- is standard input), or in the variable "
        f"{variable(field)}, or run the command on a terminal to be asked; the rest as --config NAME=VALUE."
    )


def _report(choices: Choices, definition: Provider, stored: StoredConnection, *, again: bool, verify: bool) -> None:
    what = "Connected again" if again else "Connected"
    say(f"{what}: {stored.id} ({definition.display_name}{_address(stored)}), environment {stored.environment}.")
    if stored.verified_at is not None:
        say(f"Verified: {definition.display_name} accepts these credentials.")
    elif verify:
        say("Not verified: the definition names nothing to ask.")
    else:
        check = command_line("connections", "check", stored.id, *_where(stored))
        say(choices.repeated(f"Not verified. `{check}` asks the provider."))
    syncs = choices.registry.syncs(definition.name)
    does = ("sync", syncs[0].name) if syncs else ("proxy", "GET", "/PATH")
    tell(choices.repeated(f"next: {command_line(*does, '--connection', stored.id, *_where(stored))}"))


def _where(stored: StoredConnection) -> tuple[str, ...]:
    """The option that tells it from a connection of the same id."""
    return () if stored.integration == stored.provider else ("--integration", stored.integration)


def _address(stored: StoredConnection) -> str:
    """The values that tell one account from another, as far as they may be shown."""
    shown: list[Any] = list(stored.connection_config.values())
    return f": {', '.join(map(str, shown))}" if shown else ""
