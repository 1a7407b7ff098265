"""`connectors erase`."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, json_option
from connectors.cli.failures import NEEDS_YES, NeedsYes
from connectors.cli.terminal import amount, can_ask, plain, say, say_json, tell


@click.command(cls=Command)
@click.option("--end-user", metavar="ID", help="All connections of this end user.")
@click.option("--connection", metavar="ID", help="The connection of this id, in every integration.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(*, end_user: str | None, connection: str | None, yes: bool, as_json: bool) -> None:
    """Erase a customer at once, with everything that belongs to it.

    Connections, credentials, records, runs, files, schedules and webhooks go. Runs that go on are
    stopped. On SQLite the file is rewritten, so that nothing is left in it. Copies that were made
    before still hold the customer.
    """
    from connectors.engine.erasing import erase as erase_now
    from connectors.engine.erasing import find

    choices = current_choices()
    with choices.host() as host:
        found = find(host, choices.environment, end_user=end_user, connection=connection)
        names = ", ".join(f"{stored.integration}/{stored.id}" for stored in found)
        if not (yes or _agreed(names)):
            tell("Nothing was erased.")
            click.get_current_context().exit(NEEDS_YES)
        erased = erase_now(host, choices.environment, found)
    if as_json:
        say_json(asdict(erased))
    else:
        say(f"Erased {names}: {amount(erased.records, 'record')}, {amount(erased.runs, 'run')}.")
    for warning in erased.warnings:
        tell(f"warning: {warning}")


def _agreed(names: str) -> bool:
    if not can_ask():
        raise NeedsYes(f"Erasing {names} needs a yes.")
    return click.confirm(plain(f"Erase {names} for good?"), err=True)
