"""`connectors connections`: list, show, check, set, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from connectors.cli.choices import NothingYet, current_choices
from connectors.cli.command import Group, integration_option, json_option
from connectors.cli.failures import NEEDS_YES, NeedsYes
from connectors.cli.table import say_facts, say_table
from connectors.cli.terminal import amount, can_ask, json_text, moment, plain, say, say_json, tell, with_times
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.catalog import Catalog


@click.group(cls=Group)
def connections() -> None:
    """List, show, check, change, delete connections."""


@connections.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the connections of the environment."""
    choices = current_choices()
    nothing = f"There is no connection in the environment {choices.environment}."
    try:
        with choices.host() as host:
            found = host.connections.list(choices.environment)
            rows = [_row(host.catalog, stored) for stored in found]
    except NothingYet as error:
        found, nothing = [], error.message
    if as_json:
        say_json([with_times(stored.to_dict()) for stored in found])
    elif found:
        say_table(("id", "provider", "integration", "plan", "verified", "state"), rows)
    else:
        tell(choices.repeated(f"{nothing}\nnext: connectors connect PROVIDER"))


@connections.command()
@click.argument("id_", metavar="ID")
@integration_option
@json_option
def show(id_: str, *, integration: str | None, as_json: bool) -> None:
    """Show a connection without its secrets, and what is stored of it."""
    choices = current_choices()
    with choices.host() as host:
        stored = host.connections.get(choices.environment, id_, integration)
        models = host.store.records.models(choices.environment, stored.key)
    counts = [{name: row[name] for name in ("model", "variant", "records", "deleted", "rejected")} for row in models]
    if as_json:
        say_json({**with_times(stored.to_dict()), "models": counts})
        return
    say_facts(_facts(stored))
    for row in counts:
        variant = "" if row["variant"] == "base" else f" ({row['variant']})"
        rejected = f", {row['rejected']:,} rejected" if row["rejected"] else ""
        say(f"{row['model']}{variant}: {amount(row['records'], 'record')}, {row['deleted']:,} deleted{rejected}")


@connections.command()
@click.argument("id_", metavar="ID")
@integration_option
@json_option
def check(id_: str, *, integration: str | None, as_json: bool) -> None:
    """Ask the provider whether a connection's credentials are good."""
    from connectors.engine.connecting import explained

    choices = current_choices()
    with choices.host() as host:
        outcome = host.connections.check(choices.environment, id_, integration)
    if outcome.error is not None:
        raise explained(outcome.error, outcome)
    if as_json:
        facts = {"endpoint": outcome.endpoint, "status": outcome.status, "tested": outcome.tested}
        say_json({"id": id_, "ok": outcome.ok, **facts})
        return
    say(f"{id_}: {outcome.message}")


@connections.command()
@click.argument("id_", metavar="ID")
@integration_option
@json_option
def renew(id_: str, *, integration: str | None, as_json: bool) -> None:
    """Fetch new credentials now, also where fetching them failed too often."""
    choices = current_choices()
    with choices.host() as host:
        before = host.connections.get(choices.environment, id_, integration)
        stored = host.connections.renew(choices.environment, id_, integration)
    renewed = stored.renewed_at != before.renewed_at
    if as_json:
        say_json(with_times({"id": id_, "renewed": renewed, "credentials_expires_at": stored.credentials_expires_at}))
        return
    say(f"{id_}: {'it has new credentials.' if renewed else 'its credentials are used as they are; nothing to renew.'}")


@connections.command("set")
@click.argument("id_", metavar="ID")
@click.option("--metadata", metavar="NAME=VALUE", multiple=True, help="Set a value; NAME= removes it.")
@integration_option
@json_option
def set_(id_: str, *, metadata: Sequence[str], integration: str | None, as_json: bool) -> None:
    """Change a connection's metadata.

    A value that is JSON (a number, true, null, a list, an object) is kept as such, any other as text.
    """
    from connectors.cli.given import metadata as read_metadata
    from connectors.cli.given import unusual
    from connectors.runtime.fields import fields_of

    choices = current_choices()
    if not metadata:
        raise InputError("There is nothing to set.", next_step="Give --metadata NAME=VALUE.")
    with choices.host() as host:
        provider = host.catalog.get(host.connections.get(choices.environment, id_, integration).provider)
        changes = read_metadata(metadata, fields_of(provider))
        stored = host.connections.set_metadata(choices.environment, id_, changes, integration)
    if as_json:
        say_json(with_times(stored.to_dict()))
    else:
        say(f"{id_}: metadata is now {json_text(stored.metadata)}")
    for line in unusual([name for name, value in changes.items() if value is not None], provider):
        tell(line)


@connections.command()
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@integration_option
@json_option
def delete(id_: str, *, yes: bool, integration: str | None, as_json: bool) -> None:
    """Delete a connection with its records and runs.

    At the provider nothing changes, unless the definition names a script that revokes the access.
    """
    choices = current_choices()
    with choices.host() as host:
        stored = host.connections.get(choices.environment, id_, integration)
        models = host.store.records.models(choices.environment, stored.key)
        held = sum(row["records"] + row["deleted"] for row in models)
        if not (yes or _agreed(stored, held)):
            tell("Nothing was deleted.")
            click.get_current_context().exit(NEEDS_YES)
        gone = host.connections.delete(choices.environment, stored.id, stored.integration)
    if as_json:
        say_json({"id": stored.id, "integration": stored.integration, **asdict(gone)})
    else:
        say(f"Deleted {stored.id}: {amount(gone.records, 'record')}, {amount(gone.runs, 'run')}.")
    for warning in gone.warnings:
        tell(f"warning: {warning}")


def _agreed(stored: StoredConnection, held: int) -> bool:
    what = f"{stored.id} ({stored.provider}) with {amount(held, 'record')}"
    if not can_ask():
        raise NeedsYes(f"Deleting {what} needs a yes.")
    return click.confirm(plain(f"Delete {what}?"), err=True)


def _row(catalog: Catalog, stored: StoredConnection) -> tuple[str, ...]:
    names = (stored.id, stored.provider, stored.integration)
    return (*names, _plan(catalog, stored), moment(stored.verified_at), _state(stored))


def _plan(catalog: Catalog, stored: StoredConnection) -> str:
    """The plan whose budget counts. Of a provider without budgets, or whose definition is not here: what is stored."""
    from connectors.runtime.budget import plan_of

    given = str(stored.metadata.get("plan") or "")
    try:
        provider = catalog.get(stored.provider)
        return given or (f"{plan_of(provider, {})} (default)" if provider.rate_limits else "")
    except InputError:
        return given


def _state(stored: StoredConnection) -> str:
    if stored.error is not None:
        return str(stored.error.get("code", "failed"))
    return "ok" if stored.verified_at is not None else "not verified"


def _facts(stored: StoredConnection) -> list[tuple[str, str]]:
    rows = [("id", stored.id), ("provider", stored.provider), ("integration", stored.integration)]
    rows += [("environment", stored.environment)]
    rows += [(f"config {name}", str(value)) for name, value in stored.connection_config.items()]
    rows += [("credentials", "[secret]"), ("metadata", json_text(stored.metadata))]
    rows += [("created", moment(stored.created_at)), ("changed", moment(stored.updated_at))]
    rows += [("verified", moment(stored.verified_at))]
    rows += [("warning", warning) for warning in stored.warnings]
    return rows + ([("error", str(stored.error.get("message")))] if stored.error else [])
