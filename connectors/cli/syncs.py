"""`connectors syncs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import NothingYet, current_choices
from connectors.cli.command import Command, integration_option, json_option
from connectors.cli.run_report import state
from connectors.cli.table import say_table
from connectors.cli.terminal import duration, moment, say_json, tell, with_times

if TYPE_CHECKING:
    from connectors.engine.estimates import Estimate
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

_VARIANT = "base"
_HEADINGS = ("connection", "sync", "model", "every", "records", "last success", "last run", "requests", "5,000 new")
_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@click.command(cls=Command)
@click.option("--connection", "connection_id", metavar="ID", help="Only those of this connection.")
@integration_option
@json_option
def syncs(*, connection_id: str | None, integration: str | None, as_json: bool) -> None:
    """List the syncs of each connection.

    What they fill, how often they are due, how they last went, and what a run costs: a formula for
    its requests, N being the number of records, and how long 5,000 new ones take on the
    connection's plan.
    """
    choices = current_choices()
    nothing = "There is no connection with a sync."
    try:
        with choices.host() as host:
            environment = choices.environment
            if connection_id is None:
                found = host.connections.list(environment)
            else:
                found = [host.connections.get(environment, connection_id, integration)]
            rows = [row for stored in found for row in _rows(host, stored)]
    except NothingYet as error:
        if connection_id is not None:
            raise
        rows, nothing = [], error.message
    if as_json:
        say_json([with_times(row) for row in rows])
    elif rows:
        say_table(_HEADINGS, map(_shown, rows))
    else:
        tell(choices.repeated(f"{nothing}\nnext: connectors connect PROVIDER"))


def _rows(host: Host, stored: StoredConnection) -> Iterator[dict[str, Any]]:
    from connectors.engine.estimates import estimate

    counts = {
        row["model"]: row["records"]
        for row in host.store.records.models(stored.environment, stored.key)
        if row["variant"] == _VARIANT
    }
    provider = host.catalog.get(stored.provider)
    for sync in host.registry.syncs(stored.provider):
        known = host.store.runs.state(stored.environment, stored.key, sync.name, _VARIANT)
        yield {
            "connection": stored.id,
            "integration": stored.integration,
            "sync": sync.name,
            "model": sync.model,
            "every": frequency(sync.every),
            "records": counts.get(sync.model, 0),
            "succeeded_at": known["succeeded_at"],
            "last_run": _last_state(host, stored, sync.name),
            "cost": sync.cost and sync.cost.formula,
            "estimate": _plain(estimate(provider, stored.metadata, sync)),
        }


def _last_state(host: Host, stored: StoredConnection, name: str) -> str | None:
    newest = host.store.runs.list(stored.environment, stored.key, limit=200)
    last = next((run for run in newest if (run["sync"], run["variant"]) == (name, _VARIANT)), None)
    return None if last is None else state(host, last)


def frequency(seconds: float) -> str:
    """A frequency as a sync declares it: 21600 → 6h."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0 or size == 1)
    return f"{seconds / size:g}{unit}"


def _plain(found: Estimate | None) -> dict[str, Any] | None:
    return None if found is None else found.to_dict()


def _shown(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("connection", "sync", "model", "every", "records")
    found = row["estimate"]
    takes = None if found is None else duration(found["seconds"]) if found["seconds"] else "at once"
    return (*(row[name] for name in names), moment(row["succeeded_at"]), row["last_run"], row["cost"], takes)
