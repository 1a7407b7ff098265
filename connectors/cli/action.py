"""`connectors action`: one call of an action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import Choices, current_choices
from connectors.cli.command import Command, connection_options, json_option
from connectors.cli.failures import NeedsYes, OutputFailed
from connectors.cli.terminal import amount, can_ask, duration, json_text, plain, say, say_json, tell
from connectors.errors import BudgetExhausted, ConnectorError, FileExists, InputError

if TYPE_CHECKING:
    from connectors.authoring import Action
    from connectors.engine.host import Host
    from connectors.engine.invoke import ActionResult
    from connectors.engine.store.connections import StoredConnection

_LONGEST_WAIT = 24 * 3600  # seconds
_MOST_SHOWN = 10  # files that an error's message names; its fact `files` has all


@click.command(cls=Command)
@click.argument("name", required=False)
@connection_options
@click.option("--input", "text", metavar="JSON|@FILE|-", help="The input, a JSON object; - is standard input.")
@click.option("--set", "values", metavar="NAME=VALUE", multiple=True, help="One field of the input, over --input.")
@click.option("--file", "files", metavar="NAME=PATH", multiple=True, help="A file of the input.")
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Put files there."
)
@click.option("--force", is_flag=True, help="With --to, also into a folder that is not empty; overwrites.")
@click.option(
    "--wait",
    "longest_wait",
    type=click.FloatRange(0, _LONGEST_WAIT),
    metavar="SECONDS",
    help="How long a call may wait for the rate budget. Default: 10.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def action(
    name: str | None,
    *,
    connection_id: str,
    integration: str | None,
    text: str | None,
    values: Sequence[str],
    files: Sequence[str],
    folder: Path | None,
    force: bool,
    longest_wait: float | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Call an action: one thing done at the provider.

    Without NAME the actions of the connection are listed. The output is printed as JSON; with --to
    its files are put into DIR instead, and one line says what was done.
    """
    from connectors.cli import action_input

    choices = current_choices()
    with choices.host() as host:
        stored = host.connections.get(choices.environment, connection_id, integration)
        if name is None:
            raise _names(host, stored)
        declared = host.registry.action(stored.provider, name)
        schema = host.registry.models.action(stored.provider, name).input.schema
        given = action_input.given(text, values, schema)
        _ask(declared, stored, given, yes=yes)
        if folder is not None:
            _make(folder, overwrite=force)
        with action_input.files(host, stored, files, schema) as handed:
            result = _invoke(choices, host, stored, declared, {**given, **handed}, longest_wait)
        if folder is not None:
            _copy(result, folder, overwrite=force)
    _show(result, declared, stored, folder, as_json=as_json)


def _invoke(
    choices: Choices,
    host: Host,
    stored: StoredConnection,
    action: Action,
    given: dict[str, Any],
    longest_wait: float | None,
) -> ActionResult:
    from connectors.cli.action_progress import ActionLines
    from connectors.cli.run_log import run_log
    from connectors.cli.stopping import stoppable
    from connectors.engine.invoke import invoke

    lines = ActionLines(f"{action.name} of {stored.id}")
    try:
        with run_log(), stoppable(lines.quiet):
            return invoke(
                host,
                choices.environment,
                stored.id,
                action.name,
                given,
                integration=stored.integration,
                progress=lines,
                longest_wait=longest_wait,
            )
    except BudgetExhausted as error:
        if error.retry_after is not None:
            error.next_step += f" `--wait {math.ceil(error.retry_after) + 1}` waits for it."
        raise
    except KeyboardInterrupt as stop:
        for note in getattr(stop, "__notes__", ()):
            tell(note)
        raise
    finally:
        lines.end()


def _ask(action: Action, stored: StoredConnection, given: dict[str, Any], *, yes: bool) -> None:
    if action.confirm is None or yes:
        return
    what = f"{action.name} of {stored.id} {json_text(given)[:200]}"
    if not can_ask():
        raise NeedsYes(f"{what} needs a yes: {action.confirm}")
    if not click.confirm(plain(f"{what}: {action.confirm}"), err=True):
        raise NeedsYes(f"{what}: nothing was done.")


def _make(folder: Path, *, overwrite: bool) -> None:
    """Make the folder before anything is sent, so that a place that cannot be written is known in time.

    Raises `FileExists` for one that is not empty: which files will come is not known yet.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = overwrite or not any(folder.iterdir())
    except OSError as error:
        raise InputError(f"The folder {str(folder)!r} cannot be made or read: {error.strerror}.") from None
    if not empty:
        raise FileExists(
            f"The folder {str(folder)!r} is not empty; nothing was started.",
            next_step="Name a folder that is empty or not there yet, or overwrite files with --force.",
        )


def _copy(result: ActionResult, folder: Path, *, overwrite: bool) -> None:
    """Put the files into the folder. Raises `OutputFailed` that says where they are kept instead."""
    from connectors.engine.copying import copy_out

    try:
        copy_out(result.files, folder, overwrite=overwrite)
    except ConnectorError as error:
        shown = ", ".join(f"{file.name} ({file.id})" for file in result.files[:_MOST_SHOWN])
        more = f" and {len(result.files) - _MOST_SHOWN} more" if len(result.files) > _MOST_SHOWN else ""
        raise OutputFailed(
            f"The action is done, but its files could not be copied: {error.message} They are kept: {shown}{more}.",
            next_step="For 24 hours `host.files.get(environment, id)` opens them in Python; docs/actions.md shows how.",
            files=[file.to_dict() for file in result.files],
        ) from error


def _show(
    result: ActionResult, action: Action, stored: StoredConnection, folder: Path | None, *, as_json: bool
) -> None:
    if as_json:
        say_json({"action": action.name, "connection": stored.id, **result.to_dict()})
        return
    for note in result.notes:
        tell(note)
    if folder is not None:
        say(_summary(result, action, stored, folder))
        return
    click.echo(json_text(result.output, indent=2))
    tell(_summary(result, action, stored, None))
    if result.files:
        tell("next: --to DIR puts the files into a folder")


def _summary(result: ActionResult, action: Action, stored: StoredConnection, folder: Path | None) -> str:
    size = sum(file.size for file in result.files)
    where = "" if folder is None else f" in {folder}"
    made = f"{amount(len(result.files), 'file')} ({amount(size, 'byte')}){where}; " if result.files or folder else ""
    waited = f", {duration(result.waited)} of it waiting for the rate budget" if result.waited >= 1 else ""
    cost = f"{amount(result.requests, 'request')} in {duration(result.seconds)}{waited}"
    return f"{action.name} of {stored.id}: done; {made}{cost}"


def _names(host: Host, stored: StoredConnection) -> InputError:
    names = [each.name for each in host.registry.actions(stored.provider)]
    step = f"connectors action {names[0]} --connection {stored.id}" if names else "Give --path FOLDER with a connector."
    return InputError(f"Which action? {stored.provider} has: {', '.join(names) or 'none'}.", next_step=step)
