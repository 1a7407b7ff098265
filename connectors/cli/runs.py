"""`connectors runs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, integration_option, json_option
from connectors.cli.table import say_table
from connectors.cli.terminal import duration, moment, say_json, tell, with_times

_HIDDEN = ("connection_key", "environment", "pass")  # the store's own
_HEADINGS = ("run", "connection", "sync", "state", "began", "took", "added", "updated", "deleted", "requests", "note")


@click.command(cls=Command)
@click.option("--connection", "connection_id", metavar="ID", help="Only runs of this connection.")
@integration_option
@click.option("--limit", type=click.IntRange(1, 1000), metavar="N", default=20, help="So many; default: 20.")
@json_option
def runs(*, connection_id: str | None, integration: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs."""
    choices = current_choices()
    with choices.host() as host:
        environment = choices.environment
        key = host.connections.get(environment, connection_id, integration).key if connection_id else None
        found = host.store.runs.list(environment, key, limit=limit)
    if as_json:
        say_json([with_times({name: row[name] for name in row if name not in _HIDDEN}) for row in found])
    elif found:
        say_table(_HEADINGS, map(_row, found))
    else:
        tell("No run yet.\nnext: connectors sync NAME --connection ID")


def _row(run: Mapping[str, Any]) -> tuple[Any, ...]:
    ended = run["ended_at"]
    took = duration(ended - run["started_at"]) if ended is not None else ""
    counts = (run["added"], run["updated"], run["deleted"], run["requests"])
    began = moment(run["started_at"])
    return (run["id"], run["connection"], run["sync"], run["state"], began, took, *counts, _note(run))


def _note(run: Mapping[str, Any]) -> str:
    if run["error"] is not None:
        return f"{run['error'].get('code')}: {run['error'].get('message')}"
    if run["would_delete"]:
        return f"{run['would_delete']:,} deletions wait for a yes"
    return ""
