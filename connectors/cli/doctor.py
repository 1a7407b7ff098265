"""`connectors doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.cli import failures
from connectors.cli.choices import current_choices
from connectors.cli.command import Command, json_option
from connectors.cli.terminal import amount, say, say_json


@click.command(cls=Command)
@json_option
def doctor(*, as_json: bool) -> None:
    """Look whether everything is in order here.

    Settings, key, database, connectors, proxy and certificate variables are looked at. Nothing is
    sent and nothing is changed. Fails if there is a problem.
    """
    from connectors.cli.diagnoses import examine

    found = examine(current_choices())
    problems = sum(diagnosis.problem for diagnosis in found)
    if as_json:
        say_json({"ok": not problems, "diagnoses": [asdict(diagnosis) for diagnosis in found]})
    else:
        area = ""
        for diagnosis in found:
            if diagnosis.area != area:
                area = diagnosis.area
                say(f"{area}")
            mark = "PROBLEM" if diagnosis.problem else "warning" if diagnosis.warning else "ok"
            say(f"  {mark:8}{diagnosis.name}: {diagnosis.text}")
            if diagnosis.next_step:
                say(f"          next: {diagnosis.next_step}")
        say(f"\n{amount(problems, 'problem')} found." if problems else "\nEverything is in order.")
    click.get_current_context().exit(failures.FAILED if problems else failures.OK)
