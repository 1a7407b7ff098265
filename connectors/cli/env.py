"""`connectors env`: create, list, keys, rotate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Group, Number, json_option
from connectors.cli.table import say_table
from connectors.cli.terminal import moment, say, say_json, tell, with_times
from connectors.errors import InputError

_LONGEST_GRACE = 30 * 86_400  # seconds
_scopes = click.option(
    "--scope", "scopes", metavar="SCOPE", multiple=True, help="Limit the key to this; repeat it for more."
)


@click.group(cls=Group)
def env() -> None:
    """Look after environments and their secret keys."""


@env.command(short_help="Make an environment and show its first key.")
@click.argument("name")
@_scopes
@json_option
def create(name: str, *, scopes: Sequence[str], as_json: bool) -> None:
    """Make an environment with its first secret key, which is shown this once.

    Its webhooks are signed with the same key, until the signing key is rotated.
    """
    with current_choices().host(create=True) as host:
        made = host.environments.create(name, scopes=scopes)
    _show(made, as_json=as_json)


@env.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the environments."""
    with current_choices().host() as host:
        found = [each.to_dict() for each in host.environments.list()]
    if as_json:
        say_json([with_times(each) for each in found])
        return
    rows = [(each["name"], each["keys"], each["connections"], moment(each["created_at"])) for each in found]
    say_table(("NAME", "KEYS", "CONNECTIONS", "MADE"), rows, whole=("NAME",))


@env.command()
@click.argument("name")
@click.option("--add", metavar="TITLE", help="Make one more key and show it, this once.")
@_scopes
@click.option("--revoke", metavar="ID", help="Refuse a key from now on.")
@json_option
def keys(name: str, *, add: str | None, scopes: Sequence[str], revoke: str | None, as_json: bool) -> None:
    """List the secret keys of an environment; add or revoke one.

    A key that is limited to scopes may do only that. Without any it may do everything in its environment.
    """
    if scopes and add is None:
        raise InputError("--scope limits a new key.", next_step="Give --add TITLE with it.")
    with current_choices().host() as host:
        if revoke is not None:
            host.environments.revoke(name, revoke)
            tell(f"Key {revoke} is refused from now on.")
        if add is not None:
            _show(host.environments.add_key(name, name=add, scopes=scopes), as_json=as_json)
            return
        found = [each.to_dict() for each in host.environments.keys(name)]
    if as_json:
        say_json([with_times(each) for each in found])
        return
    rows = [
        (
            each["id"],
            each["name"],
            ", ".join(each["scopes"]) or "all",
            moment(each["created_at"]),
            moment(each["ends_at"]),
        )
        for each in found
    ]
    say_table(("ID", "TITLE", "SCOPES", "MADE", "ENDS"), rows, whole=("ID",))


@env.command(short_help="Replace a secret key, or the signing key.")
@click.argument("name")
@click.argument("id", required=False)
@click.option("--signing-key", is_flag=True, help="Rotate what webhooks are signed with, instead of a secret key.")
@click.option(
    "--grace", type=Number(0, _LONGEST_GRACE), default=0, metavar="SECONDS", help="How long the old key stays good."
)
@json_option
def rotate(name: str, id: str | None, *, signing_key: bool, grace: int, as_json: bool) -> None:
    """Replace the secret key with that ID by a new one, which is shown this once.

    Without an ID, the only key there is. With --signing-key, the key that webhooks are signed with.
    """
    with current_choices().host() as host:
        if signing_key:
            key = host.environments.rotate_signing_key(name)
            if as_json:
                say_json({"environment": name, "signing_key": key})
            else:
                say(f"The signing key of {name}: {key}")
            return
        made = host.environments.rotate(name, id or _only(host, name), grace=grace)
    _show(made, as_json=as_json)
    if not as_json:
        tell("Webhooks are signed as before; --signing-key rotates what they are signed with.")


def _only(host: Any, name: str) -> str:
    now = host.clock.now()
    good = [each.id for each in host.environments.keys(name) if each.ends_at is None or each.ends_at > now]
    if len(good) != 1:
        raise InputError(
            f"The environment {name!r} has {len(good)} keys that are good now.",
            next_step="Say which one: `connectors env rotate NAME ID`; `connectors env keys NAME` lists them.",
        )
    return str(good[0])


def _show(made: Any, *, as_json: bool) -> None:
    if as_json:
        say_json({"environment": made.environment, "id": made.id, "key": made.key})
        return
    say(made.key)
    tell(f"This is the key {made.id} of {made.environment}, shown this once. Keep it like a password.")
