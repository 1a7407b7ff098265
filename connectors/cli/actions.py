"""`connectors actions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import Choices, current_choices
from connectors.cli.command import Command, integration_option, json_option
from connectors.cli.table import say_table
from connectors.cli.terminal import say_json, tell
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.registry import Registry

_HEADINGS = ("provider", "action", "what it does", "input")


@click.command(cls=Command)
@click.option("--connection", "connection_id", metavar="ID", help="Only those of this connection's provider.")
@integration_option
@click.option("--provider", metavar="NAME", help="Only those of this provider.")
@json_option
def actions(*, connection_id: str | None, integration: str | None, provider: str | None, as_json: bool) -> None:
    """List the actions of each provider.

    What they do, and the fields of their input; those in brackets may be left out. --json prints
    the whole schemas of input and output.
    """
    choices = current_choices()
    if connection_id is not None and provider is not None:
        raise InputError("--connection and --provider do not go together.")
    rows = [row for name in _providers(choices, connection_id, integration, provider) for row in _rows(choices, name)]
    if as_json:
        say_json(rows)
    elif rows:
        say_table(_HEADINGS, ((row["provider"], row["action"], _says(row), _fields(row)) for row in rows))
    else:
        tell("There is no action.\nnext: --path FOLDER adds connectors")


def _providers(choices: Choices, connection: str | None, integration: str | None, provider: str | None) -> list[str]:
    if connection is not None:
        with choices.host() as host:
            return [host.connections.get(choices.environment, connection, integration).provider]
    if provider is not None:
        return [choices.catalog.get(provider).name]
    return choices.registry.providers


def _rows(choices: Choices, provider: str) -> Iterator[dict[str, Any]]:
    registry: Registry = choices.registry
    models = registry.models
    for action in registry.actions(provider):
        contract = models.action(provider, action.name)
        yield {
            "provider": provider,
            "action": action.name,
            "description": action.description,
            "reads": action.reads,
            "confirm": action.confirm,
            "input": contract.input.schema,
            "output": contract.output.schema,
        }


def _fields(row: dict[str, Any]) -> str:
    required = row["input"].get("required", [])
    names = row["input"].get("properties", {})
    return " ".join(name if name in required else f"[{name}]" for name in names)


def _says(row: dict[str, Any]) -> str:
    return next(iter(row["description"].splitlines()), "")
