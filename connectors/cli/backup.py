"""`connectors backup` and `connectors restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, json_option
from connectors.cli.failures import NeedsYes
from connectors.cli.terminal import amount, can_ask, plain, say, say_json, tell

if TYPE_CHECKING:
    from connectors.engine.backup import Restored

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHOWN = 5  # names


@click.command(cls=Command)
@click.argument("file", type=_FILE)
@json_option
def backup(file: Path, *, as_json: bool) -> None:
    """Copy everything into a new file, while others go on working.

    Sealed credentials are in it, the key that opens them is not: keep a copy of that apart.
    """
    from connectors.engine.backup import back_up

    with current_choices().host() as host:
        copied = back_up(host, file)
    if as_json:
        say_json({**asdict(copied), "file": str(file)})
    else:
        what = f"{amount(copied.connections, 'connection')} and {amount(copied.records, 'record')}"
        say(f"Copied {what} into {file} ({copied.bytes:,} bytes).")
        tell("The key for the credentials is not in it. Without that key they cannot be read after a restore.")


@click.command(cls=Command)
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Put it in the place of the database that is there, without asking.")
@json_option
def restore(file: Path, *, yes: bool, as_json: bool) -> None:
    """Put a copy in the place of the database, after checking it.

    Stop the server and its workers first. The database that was there is kept beside it.
    """
    from connectors.engine.backup import restore as put_back

    choices = current_choices()
    target = choices.settings.database
    there = isinstance(target, Path) and target.exists()
    if there and not yes and not _agreed(target):
        raise NeedsYes(f"Putting {file} in the place of {target} needs a yes.")
    restored = put_back(choices.settings, file, replace=there)
    if as_json:
        before = None if restored.before is None else str(restored.before)
        say_json({**asdict(restored), "file": str(restored.file), "before": before})
    else:
        _show(restored)


def _agreed(target: object) -> bool:
    return can_ask() and click.confirm(plain(f"Put it in the place of {target}, which is kept beside it?"), err=True)


def _show(restored: Restored) -> None:
    what = f"{amount(restored.connections, 'connection')} and {amount(restored.records, 'record')}"
    say(f"Put back {what} into {restored.file}.")
    if restored.before is not None:
        tell(f"What was there before: {restored.before}")
    if not restored.unreadable:
        tell("All credentials in it can be opened. Tokens that were renewed since the copy may be void.")
        return
    names = ", ".join(restored.unreadable[:_SHOWN]) + (", …" if len(restored.unreadable) > _SHOWN else "")
    tell(
        f"warning: {len(restored.unreadable)} credentials, clients or signing keys were sealed with a key "
        f"that is not here ({names}).\nnext: put that key into CONNECTORS_ENCRYPTION_KEY or the key file. "
        "If it is lost, nobody can read them: connect these accounts again, and make signing keys anew with "
        "`connectors env rotate NAME --signing-key`. Records are not sealed and stay readable."
    )
