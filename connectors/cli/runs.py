"""`connectors runs`: the newest ones, or one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import NothingYet, current_choices
from connectors.cli.command import Group, Number, integration_option, json_option
from connectors.cli.run_report import state
from connectors.cli.table import draw, line_width, say_facts, say_table
from connectors.cli.terminal import (
    amount,
    duration,
    is_terminal,
    json_text,
    moment,
    say,
    say_json,
    tell,
    with_times,
)

if TYPE_CHECKING:
    from connectors.engine.request_log import LoggedRequest

_HIDDEN = ("connection_key", "environment", "pass")  # the store's own
_WIDE = 120  # characters of a line from which every count has a column of its own
_HEADINGS = ("run", "connection", "sync", "state", "began", "took", "added", "updated", "deleted", "requests", "note")
_NARROW = ("run", "connection", "sync", "state", "began", "took", "changes")
_WHOLE = ("run", "began", "took")  # columns that are no use when they are cut


@click.group(cls=Group, invoke_without_command=True)
@click.option("--connection", "connection_id", metavar="ID", help="Only runs of this connection.")
@integration_option
@click.option("--limit", type=Number(1, 1000), metavar="N", default=20, help="So many; default: 20.")
@json_option
@click.pass_context
def runs(ctx: click.Context, *, connection_id: str | None, integration: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs, or show one."""
    if ctx.invoked_subcommand is not None:
        return
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


@runs.command()
@click.argument("run", metavar="RUN", type=Number(1, 10**15))
@click.option("--requests", is_flag=True, help="The requests that it sent to the provider.")
@json_option
def show(run: int, *, requests: bool, as_json: bool) -> None:
    """Show a run, with its requests if asked."""
    from connectors.engine.records import iso

    choices = current_choices()
    with choices.host() as host:
        row = host.store.runs.get(choices.environment, run)
        row["state"] = state(host, row)
        sent = host.requests.of_run(choices.environment, run) if requests else None
    shown = with_times({name: value for name, value in row.items() if name not in _HIDDEN})
    if as_json:
        say_json(
            shown
            if sent is None
            else {**shown, "requests_sent": [{**asdict(each), "at": iso(each.at)} for each in sent]}
        )
        return
    say_facts([(name, _fact(value)) for name, value in shown.items() if value not in (None, [], "")])
    if sent is not None:
        _say_requests(sent, row["requests"])


def _fact(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _say_requests(sent: Sequence[LoggedRequest], count: int) -> None:
    from connectors.engine.records import iso
    from connectors.engine.request_log import left_out

    if not sent:
        tell("No request of it is kept." if count else "It sent no request.")
        return
    say_table(
        ("no", "at", "method", "answer", "took", "try", "url"),
        [
            (
                str(each.number),
                iso(each.at),
                each.method,
                str(each.status or each.error or ""),
                f"{each.seconds:.3f} s",
                str(each.attempt),
                each.url,
            )
            for each in sent
        ],
        whole=("url",),
    )
    missing = left_out(sent)
    if missing:
        tell(f"{amount(missing, 'request')} in between {'is' if missing == 1 else 'are'} not kept.")


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
