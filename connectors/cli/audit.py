"""`connectors audit`: what is wrong with the stored content of an account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from connectors.cli import failures
from connectors.cli.choices import current_choices
from connectors.cli.command import Command, connection_options, json_option
from connectors.cli.table import say_table
from connectors.cli.terminal import amount, json_text, tell

if TYPE_CHECKING:
    from connectors.authoring import Finding

FORMATS = ("table", "jsonl", "csv")
FIELDS = ("severity", "kind", "document_id", "title", "where", "message", "target", "since", "link", "id")
_COLUMNS = ("severity", "kind", "document_id", "title", "where", "message", "link")
_UNCHECKED = "unchecked"  # beside the severities: how often a chosen kind could not be checked
_FAILS = {"error": ("error", _UNCHECKED), "warning": ("error", "warning", _UNCHECKED), "none": ()}


@click.command(cls=Command)
@click.argument("provider")
@connection_options
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only this kind of finding; several times.")
@click.option("--checked-out-days", type=click.FloatRange(0, 36_500), metavar="N", help="How long is long; default 14.")
@click.option("--fail-on", type=click.Choice(list(_FAILS)), default="error", help="What fails it; default: error.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print; default: table.")
@json_option
@click.pass_context
def audit(
    ctx: click.Context,
    provider: str,
    *,
    connection_id: str,
    integration: str | None,
    kinds: tuple[str, ...],
    checked_out_days: float | None,
    fail_on: str,
    form: str,
    as_json: bool,
) -> None:
    """Say what is wrong with the stored content of an account.

    Reads what the syncs have stored and makes no request. It ends with 1 if it found an error, or
    what --fail-on says, or could not check a chosen --kind (except with --fail-on none). --json is --format jsonl.
    """
    from connectors.engine.audit import audit_records

    choices = current_choices()
    counts: Counter[str] = Counter()
    with choices.host() as host:
        found = audit_records(
            host,
            choices.environment,
            provider,
            connection_id,
            integration=integration,
            kinds=kinds,
            checked_out_days=checked_out_days,
        )
        _print(_counted(found, counts, kinds), "jsonl" if as_json else form)
    parts = [amount(counts[severity], severity) for severity in ("error", "warning", "notice") if counts[severity]]
    tell(", ".join(parts) or "Nothing found.")
    if counts[_UNCHECKED]:
        tell("Not everything that was asked for could be checked.")
    if any(counts[name] for name in _FAILS[fail_on]):
        ctx.exit(failures.FAILED)


def _counted(findings: Iterable[Finding], counts: Counter[str], kinds: Collection[str]) -> Iterator[Finding]:
    from connectors.authoring import NOT_CHECKED

    for finding in findings:
        counts[finding.severity] += 1
        counts[_UNCHECKED] += finding.kind == NOT_CHECKED and finding.target in kinds
        yield finding


def _print(findings: Iterator[Finding], form: str) -> None:
    if form == "table":
        _table(findings)
    elif form == "jsonl":
        for finding in findings:
            click.echo(json_text(finding.to_dict()))
    else:
        from connectors.cli.record_formats import Look, writer

        writer("csv")(findings, Look(known=FIELDS, chosen=FIELDS))


def _table(findings: Iterable[Finding]) -> None:
    """The worst first; of one severity, in the order in which they were found."""
    rank = {"error": 0, "warning": 1, "notice": 2}
    rows = sorted((finding.to_dict() for finding in findings), key=lambda row: rank[row["severity"]])
    if rows:
        say_table([name.removesuffix("_id") for name in _COLUMNS], [[row[name] for name in _COLUMNS] for row in rows])
