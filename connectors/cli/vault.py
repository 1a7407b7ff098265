"""`connectors vault rotate`."""

from __future__ import annotations

from typing import Any

import click

from connectors.cli.choices import Choices, current_choices
from connectors.cli.command import Group, json_option
from connectors.cli.terminal import amount, say, say_json, tell

_SETTING = "CONNECTORS_ENCRYPTION_KEY"


@click.group(cls=Group)
def vault() -> None:
    """Look after the key that stored credentials are sealed with."""


@vault.command()
@json_option
def rotate(*, as_json: bool) -> None:
    """Seal all stored credentials with a new key.

    With a key file, a new key is made, and the old ones are dropped when nothing needs them any
    more. With keys in CONNECTORS_ENCRYPTION_KEY, put the new one in front of the others first; what
    is sealed then moves to it, and the others may be removed.
    """
    choices = current_choices()
    outcome = _by_setting(choices) if choices.settings.value(_SETTING) else _by_file(choices)
    if as_json:
        say_json(outcome)
        return
    say(f"Sealed {amount(outcome['resealed'], 'stored secret')} again, with key {outcome['key']}.")
    if "dropped" in outcome:
        say(f"The key file {outcome['file']} holds the new key; {amount(outcome['dropped'], 'old key')} dropped.")
        tell("next: keep a copy of the key file apart from the database; older copies are of no use now.")
    elif outcome["removable"]:
        say(f"These may be removed from {_SETTING}: {', '.join(outcome['removable'])}.")
    else:
        tell(f"next: to change the key, put a new one in front of the other in {_SETTING}, then run it again.")


def _by_setting(choices: Choices) -> dict[str, Any]:
    from connectors.engine.keys import key_id

    keys = [key_id(key) for key in choices.settings.value(_SETTING)]
    with choices.host(create=True) as host:
        resealed = host.connections.rotate()
    return {"resealed": resealed, "key": keys[0], "removable": keys[1:]}


def _by_file(choices: Choices) -> dict[str, Any]:
    from connectors.engine.keys import KEY_FILE, add_key_file_key, drop_old_keys, make_key_file

    home = choices.settings.make_home()
    make_key_file(home)
    key = add_key_file_key(home)
    with choices.host(create=True) as host:
        resealed = host.connections.rotate()
        # Another process may have sealed something with the old key just now.
        resealed += host.connections.rotate()
    return {"resealed": resealed, "key": key, "dropped": drop_old_keys(home, key), "file": str(home / KEY_FILE)}
