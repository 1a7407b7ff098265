"""`connectors webhooks`: target, deliveries, address, revoke; and `connectors audit-log`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, Group, integration_option, json_option
from connectors.cli.table import say_facts, say_table
from connectors.cli.terminal import moment, say, say_json, tell, with_times

_most = click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="How many at most."
)


@click.group(cls=Group)
def webhooks() -> None:
    """Webhooks to the customer, and from providers."""


@webhooks.command()
@click.option("--url", metavar="URL", help="Where this environment's webhooks go; empty: where the setting says.")
@click.option("--second-url", metavar="URL", help="Where they go as well; empty: nowhere else.")
@click.option("--off", "off", metavar="KIND", multiple=True, help="Do not send this kind; repeat it for more.")
@json_option
def target(*, url: str | None, second_url: str | None, off: Sequence[str], as_json: bool) -> None:
    """Show where webhooks go, or change it.

    The kinds that can be switched off: auth_creation, auth_refresh_error, sync_error,
    sync_completion_always, async_action. Changing anything sends all the others again.
    """
    choices = current_choices()
    changing = url is not None or second_url is not None or bool(off)
    with choices.host(create=changing) as host:
        if changing:
            before = host.store.deliveries.target(choices.environment)
            host.outgoing.set_target(
                choices.environment,
                url=before.url if url is None else url,
                second_url=before.second_url if second_url is None else second_url,
                switched_off=off,
            )
        found = host.outgoing.target(choices.environment)
    if as_json:
        say_json({"urls": [each for each, _ in found.urls], "off": sorted(found.switched_off)})
        return
    rows = [("goes to", each) for each, _ in found.urls] or [("goes to", "nowhere")]
    say_facts([*rows, *(("switched off", kind) for kind in sorted(found.switched_off))])


@webhooks.command(short_help="List the newest webhooks and what became of them.")
@_most
@json_option
def deliveries(*, limit: int, as_json: bool) -> None:
    """List the newest webhooks to the customer, and what became of them."""
    from connectors.engine.delivery import shown

    choices = current_choices()
    with choices.host() as host:
        found = host.store.deliveries.list(choices.environment, limit=limit)
    rows = [{**row, "url": shown(row["url"])} for row in found]
    if as_json:
        say_json([with_times(row) for row in rows])
    elif rows:
        say_table(
            ("kind", "connection", "state", "tries", "answer", "made", "to"),
            [
                (
                    row["kind"],
                    str(row["connection"] or ""),
                    row["state"],
                    str(row["attempts"]),
                    str(row["status"] or row["error"] or ""),
                    moment(row["created_at"]),
                    row["url"],
                )
                for row in rows
            ],
        )
    else:
        tell(f"No webhook was sent from the environment {choices.environment}.")


@webhooks.command(short_help="Make an address for a provider's events.")
@click.argument("id_", metavar="CONNECTION")
@integration_option
@json_option
def address(id_: str, *, integration: str | None, as_json: bool) -> None:
    """Make an address for a provider to send a connection's events to; it is shown this once.

    A provider that can log in uses the path with user name and password, another one the secret path.
    """
    choices = current_choices()
    with choices.host() as host:
        made = host.incoming.address(choices.environment, id_, integration)
    rows = {"path": made.path, "username": made.username, "password": made.password, "secret_path": made.secret_path}
    if as_json:
        say_json(rows)
        return
    say_facts([(name.replace("_", " "), value) for name, value in rows.items()])
    tell("Put the server's public URL in front of the path. It is shown this once; `webhooks revoke` refuses it again.")


@webhooks.command(short_help="Refuse the addresses of a connection.")
@click.argument("id_", metavar="CONNECTION")
@integration_option
@json_option
def revoke(id_: str, *, integration: str | None, as_json: bool) -> None:
    """Refuse all addresses that were made for a connection's events."""
    choices = current_choices()
    with choices.host() as host:
        dropped = host.incoming.revoke(choices.environment, id_, integration)
    if as_json:
        say_json({"revoked": dropped})
    else:
        say(f"Addresses of {id_} that are refused from now on: {dropped}.")


@click.command("audit-log", cls=Command)
@_most
@json_option
def audit_log(*, limit: int, as_json: bool) -> None:
    """Say who connected, read credentials, rotated keys and deleted, the newest first."""
    choices = current_choices()
    with choices.host() as host:
        found = host.audit_log.list(choices.environment, limit=limit)
    if as_json:
        say_json([{**entry, "at": moment(entry["at"])} for entry in found])
    elif found:
        rows = [(moment(entry["at"]), entry["actor"], entry["action"], entry["subject"]) for entry in found]
        say_table(("when", "who", "what", "to"), rows)
    else:
        tell(f"Nothing was written down in the environment {choices.environment}.")
