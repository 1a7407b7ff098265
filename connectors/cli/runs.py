"""`connectors runs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from connectors.cli.choices import NothingYet, current_choices
from connectors.cli.command import Command, Number, integration_option, json_option
from connectors.cli.run_report import state
from connectors.cli.table import draw, line_width, say_table
from connectors.cli.terminal import amount, duration, is_terminal, moment, say, say_json, tell, with_times

_HIDDEN = ("connection_key", "environment", "pass")  # the store's own
_WIDE = 120  # characters of a line from which every count has a column of its own
_HEADINGS = ("run", "connection", "sync", "state", "began", "took", "added", "updated", "deleted", "requests", "note")
_NARROW = ("run", "connection", "sync", "state", "began", "took", "changes")
_WHOLE = ("run", "began", "took")  # columns that are no use when they are cut


@click.command(cls=Command)
@click.option("--connection", "connection_id", metavar="ID", help="Only runs of this connection.")
@integration_option
@click.option("--limit", type=Number(1, 1000), metavar="N", default=20, help="So many; default: 20.")
@json_option
def runs(*, connection_id: str | None, integration: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs."""
    choices = current_choices()
    nothing = "No run yet."
    try:
        with choices.host() as host:
            environment = choices.environment
            key = host.connections.get(environment, connection_id, integration).key if connection_id else None
            found = [{**row, "state": state(host, row)} for row in host.store.runs.list(environment, key, limit=limit)]
    except NothingYet as error:
        if connection_id is not None:
            raise
        found, nothing = [], error.message
    if as_json:
        say_json([with_times({name: row[name] for name in row if name not in _HIDDEN}) for row in found])
    elif found:
        _say(found)
    else:
        tell(choices.repeated(f"{nothing}\nnext: connectors sync NAME --connection ID"))


def _say(found: Sequence[Mapping[str, Any]]) -> None:
    notes = list(_notes(found))
    if not is_terminal(sys.stdout) or line_width() >= _WIDE:
        say_table(_HEADINGS, [(*_row(run), note) for run, note in zip(found, notes, strict=True)], whole=_WHOLE)
        return
    head, *lines = draw(_NARROW, map(_narrow, found), width=line_width(), whole=_WHOLE)
    say(head)
    for text, note in zip(lines, notes, strict=True):
        say(text)
        if note:
            say(f"     {note}")


def _row(run: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*_first(run), run["added"], run["updated"], run["deleted"], run["requests"])


def _narrow(run: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*_first(run), f"+{run['added']} ~{run['updated']} -{run['deleted']}")


def _first(run: Mapping[str, Any]) -> tuple[Any, ...]:
    ended = run["ended_at"]
    took = duration(ended - run["started_at"]) if ended is not None else ""
    return run["id"], run["connection"], run["sync"], run["state"], moment(run["started_at"]), took


def _notes(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is worth saying of each run. Only the newest of a sync can still be said yes to."""
    asked: set[tuple[Any, ...]] = set()
    for run in found:
        sync = (run["connection_key"], run["sync"], run["variant"])
        parts = [f"{run[name]:,} {name}" for name in ("rejected", "skipped") if run[name]]
        if run["error"] is not None:
            parts.append(f"{run['error'].get('code')}: {run['error'].get('message')}")
        elif run["would_delete"] and sync in asked:
            parts.append(f"{amount(run['would_delete'], 'deletion')} held back; a later run took over the question")
        elif run["would_delete"]:
            parts.append(f"{amount(run['would_delete'], 'deletion')} held back until a yes")
        elif run["state"] == "interrupted" and run["ended_at"] is None:
            parts.append("its process died; the next run goes on from there")
        asked.add(sync)
        yield "; ".join(parts)
