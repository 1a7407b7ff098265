"""`connectors sync`: one run of a sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connectors.cli import failures
from connectors.cli.choices import Choices, current_choices
from connectors.cli.command import Command, Number, connection_options, json_option
from connectors.cli.terminal import command_line, say, say_json
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.engine.report import RunReport


@click.command(cls=Command)
@click.argument("name", required=False)
@connection_options
@click.option("--variant", metavar="NAME", default="base", help="Keep these records apart under that name.")
@click.option("--dry-run", is_flag=True, help="Read everything, write nothing, say what would happen.")
@click.option("--full", is_flag=True, help="Read everything again, changed or not.")
@click.option("--limit", type=Number(min=1), metavar="N", help="Stop after so many records; deletes nothing.")
@click.option("--validate", is_flag=True, help="Stop at the first record that breaks its schema.")
@click.option("--confirm-deletes", type=Number(min=1), metavar="RUN", help="Do what that run held back.")
@json_option
def sync(
    name: str | None,
    *,
    connection_id: str,
    integration: str | None,
    variant: str,
    dry_run: bool,
    full: bool,
    limit: int | None,
    validate: bool,
    confirm_deletes: int | None,
    as_json: bool,
) -> None:
    """Run a sync once.

    Without NAME the syncs of the connection are listed. What was read before an interruption or a
    failure is saved, and the next run goes on from there.
    """
    choices = current_choices()
    if name is None:
        raise _names(choices, connection_id, integration)
    if confirm_deletes is not None:
        if dry_run or full or limit or validate:
            alone = command_line("sync", name, "--connection", connection_id, "--confirm-deletes", str(confirm_deletes))
            raise InputError("--confirm-deletes goes alone: nothing is fetched.", next_step=alone)
        report = _confirm(choices, name, connection_id, confirm_deletes)
    else:
        report = run(
            choices,
            name,
            connection_id,
            integration,
            variant=variant,
            dry_run=dry_run,
            full=full,
            limit=limit,
            validate=validate,
        )
    from connectors.cli.run_report import exit_code, lines

    if as_json:
        say_json(report.to_dict())
    else:
        for line in lines(report):
            say(choices.repeated(line))
        if report.error:
            error = report.error
            step = choices.repeated(str(error["next_step"]))
            failures.show_error(str(error["code"]), str(error["message"]), step)
    click.get_current_context().exit(exit_code(report))


def run(choices: Choices, name: str, connection_id: str, integration: str | None = None, **options: Any) -> RunReport:
    """Run a sync once and show how it goes on; `options` are those of `RunOptions`. Raises as `run_sync` does."""
    from connectors.cli.progress import progress
    from connectors.cli.run_log import run_log
    from connectors.cli.stopping import stoppable
    from connectors.engine.report import RunOptions
    from connectors.engine.runs import run_sync

    chosen = RunOptions(trigger="command", **options)
    title = f"{name} of {connection_id}"
    with choices.host() as host, progress(title) as shown, run_log(), stoppable(shown.quiet):
        return run_sync(host, choices.environment, connection_id, name, chosen, integration=integration, progress=shown)


def _confirm(choices: Choices, name: str, connection_id: str, run: int) -> RunReport:
    from connectors.engine.passes import confirm_deletes

    with choices.host() as host:
        row = host.store.runs.get(choices.environment, run)
        if (row["connection"], row["sync"]) != (connection_id, name):
            raise InputError(
                f"Run {run} was one of {row['sync']} of {row['connection']}, not of {name} of {connection_id}.",
                next_step="`connectors runs` shows which run waits for a yes.",
            )
        return confirm_deletes(host, choices.environment, run)


def _names(choices: Choices, connection_id: str, integration: str | None) -> InputError:
    with choices.host() as host:
        stored = host.connections.get(choices.environment, connection_id, integration)
        names = [each.name for each in host.registry.syncs(stored.provider)]
    listed = ", ".join(names) or "none"
    step = (
        command_line("sync", names[0], "--connection", stored.id) if names else "Give --path FOLDER with a connector."
    )
    return InputError(f"Which sync? {stored.provider} has: {listed}.", next_step=step)
