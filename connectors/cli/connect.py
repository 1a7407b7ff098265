"""`connectors connect`."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import Choices, NothingYet, current_choices
from connectors.cli.command import Command, Number, json_option
from connectors.cli.terminal import can_ask, command_line, say, say_json, tell, with_times
from connectors.errors import ConfigError, IntegrationIncomplete

if TYPE_CHECKING:
    from connectors.cli.given import Given
    from connectors.engine.host import Host
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
@click.option("--port", type=Number(0, 65_535), metavar="N", help="Where the browser comes back; default: 8917.")
@click.option("--callback-url", metavar="URL", help="The callback address that the provider knows, if it is another.")
@click.option("--no-browser", is_flag=True, help="Print the address of the provider's page, and open no browser.")
@click.option("--timeout", type=Number(1, 3600), metavar="SECONDS", help="How long to wait for it; default: 300.")
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
    **way: Any,
) -> None:
    """Connect an account: check, verify and store it.

    Asks for what is missing. A secret is never typed on the command line: leave it out to be asked,
    give it as --credential NAME=@FILE, or in the variable CONNECTORS_CREDENTIAL_NAME. Where the
    provider wants a person to consent, a browser opens its page and comes back to this machine.
    Connecting an id again gives it new details and keeps its records.
    """
    from connectors.cli.given import gather, unusual
    from connectors.cli.given import metadata as read_metadata
    from connectors.runtime.fields import assertion_fields, fields_of

    choices = current_choices()
    definition = choices.catalog.get(provider)
    configured = _configured(choices, integration or provider)
    fields = (*fields_of(definition, configured), *assertion_fields(definition))
    notes = read_metadata(metadata, fields)
    given = gather(fields, config, credential, os.environ)
    name = _complete(definition, fields, given, id_, configured)
    wanted = {
        "provider": provider,
        "id": name,
        "integration": integration,
        "config": given.config,
        "credentials": given.credentials,
        "metadata": {key: value for key, value in notes.items() if value is not None},
    }
    with choices.host(create=True) as host:
        known = host.store.connections.find(choices.environment, name, integration or provider) is not None
        try:
            stored = _connected(choices, host, definition, wanted, given.assertion_option, not no_verify, way)
        except IntegrationIncomplete as error:
            error.next_step = _how_to_configure(choices, definition, integration or provider)
            raise
    if as_json:
        say_json(with_times(stored.to_dict()))
    else:
        _report(choices, definition, stored, again=known, verify=not no_verify)
    for line in (*(f"warning: {warning}" for warning in stored.warnings), *unusual(notes, definition)):
        tell(line)


def _connected(
    choices: Choices,
    host: Host,
    definition: Provider,
    wanted: Mapping[str, Any],
    assertion_option: Mapping[str, str],
    verify: bool,
    way: Mapping[str, Any],
) -> StoredConnection:
    """With a browser where the auth mode needs one."""
    from connectors.engine.connecting import needs_browser

    if not needs_browser(definition, wanted["config"]):
        return host.connections.connect(choices.environment, **wanted, assertion_option=assertion_option, verify=verify)
    from connectors.cli.consent import PORT, TIMEOUT, Way, consented

    chosen = Way(
        port=PORT if way["port"] is None else way["port"],
        callback_url=way["callback_url"],
        opens=not way["no_browser"],
        timeout=way["timeout"] or TIMEOUT,
    )
    return consented(host, chosen, choices.environment, wanted, verify=verify)


def _configured(choices: Choices, key: str) -> frozenset[str]:
    """The own fields that the integration has a value for, which are not asked again."""
    try:
        with choices.host() as host:
            stored = host.store.integrations.find(choices.environment, key)
    except NothingYet:
        return frozenset()
    return frozenset() if stored is None else frozenset({*stored.custom, *stored.secrets})


def _how_to_configure(choices: Choices, definition: Provider, key: str) -> str:
    """The command that gives the integration what it lacks."""
    from connectors.cli.integration_input import own_names

    with choices.host() as host:
        found = [stored for stored in host.integrations.list(choices.environment) if stored.provider == definition.name]
    there = any(stored.unique_key == key for stored in found)
    others = [stored.unique_key for stored in found if stored.unique_key != key]
    words = ("update", key) if there else ("create", key, "--provider", definition.name)
    client = ("--client-id", "ID", "--client-secret", "@FILE")
    command = command_line("integrations", *words, *(("--custom", "NAME=VALUE") if own_names(definition) else client))
    named = f"Add --integration {' or '.join(others)} if you mean that. Else run" if others and not there else "Run"
    return f"{named} `{command}`, then connect again."


def _complete(
    definition: Provider, fields: Sequence[Field], given: Given, id_: str | None, configured: Collection[str]
) -> str:
    """Everything is there and fits, or a person is asked; the connection's id. Raises `ConfigError`."""
    from connectors.cli import form
    from connectors.runtime.fields import check_input

    if can_ask():
        form.fill(definition, fields, given)
        id_ = id_ or click.prompt("  Name of this connection", default=definition.name, err=True)
    lacking = [field for field in form.missing(fields, given) if field.secret]
    try:
        check_input(definition, given.config, given.credentials, given.assertion_option, configured=configured)
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
