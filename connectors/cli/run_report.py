"""A run that ended, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from connectors.cli import failures
from connectors.cli.terminal import amount, command_line, duration

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.report import RunReport

_STATES = {
    "success": "done",
    "limited": "stopped at the limit",
    "failed": "failed",
    "interrupted": "interrupted",
    "needs_confirmation": "needs a yes",
}

_SHOWN = 10  # records of a dry run, in the report for people
_WOULD = {"ADDED": "add", "UPDATED": "update"}
_NAMES = ("name", "title", "username", "message")  # fields that tell a person which record it is


def exit_code(report: RunReport) -> int:
    """The exit code that a run ends with."""
    if report.state == "failed":
        return failures.exit_code_of(report.error)
    if report.state == "interrupted":
        return failures.INTERRUPTED
    return failures.NEEDS_YES if report.state == "needs_confirmation" and not report.dry_run else failures.OK


def state(host: Host, run: Mapping[str, Any]) -> str:
    """The state of a run of the history; one whose process died without a word counts as interrupted."""
    from connectors.engine.leases import is_alive

    shown = str(run["state"])
    if shown == "running" and not is_alive(host.store, run, now=host.clock.now()):
        return "interrupted"
    return shown


def lines(report: RunReport) -> Iterator[str]:
    """The report for people."""
    number = "" if report.id is None else f", run {report.id}"
    dry = ", dry run: nothing was written" if report.dry_run else ""
    ended = _STATES.get(report.state, report.state)
    yield f"{report.sync} of {report.connection}{_variant(report)}: {ended}{number}{dry}"
    yield f"  {_counts(report)}"
    waited = f", {duration(report.waited)} of it waiting for the rate budget" if report.waited >= 1 else ""
    yield f"  {amount(report.requests, 'request')} in {duration(report.seconds)}{waited}"
    yield from _preview(report)
    if report.would_delete:
        examples = f", such as {', '.join(report.examples)}" if report.examples else ""
        what = "would delete" if report.dry_run else "held back"
        yield f"  {what}: {amount(report.would_delete, 'deletion')}{examples}"
    yield from (f"  {note}" for note in report.notes)
    if report.state in ("success", "limited") and not report.dry_run:
        variant = () if report.variant == "base" else ("--variant", report.variant)
        yield f"records: {command_line('records', report.model, '--connection', report.connection, *variant)}"


def _preview(report: RunReport) -> Iterator[str]:
    """The first records that a dry run would write, by id and name."""
    for record in report.preview[:_SHOWN]:
        data = record["data"]
        name = next((str(data[field]) for field in _NAMES if data.get(field)), "")
        yield f"  would {_WOULD[record['action']]}: {record['id']}  {name[:60]}".rstrip()
    more = report.counts.added + report.counts.updated - min(len(report.preview), _SHOWN)
    if report.preview and more > 0:
        yield f"  … and {more:,} more; --json prints the first 100 whole"


def estimates(report: RunReport) -> str:
    """How long the budget of each plan alone makes the same requests take."""
    return ", ".join(
        f"{plan} {duration(seconds) if seconds else 'no wait'}" for plan, seconds in report.estimates.items()
    )


def _counts(report: RunReport) -> str:
    counts = report.counts
    if report.dry_run:
        parts = [f"would add {counts.added:,}", f"update {counts.updated:,}"]
    else:
        parts = [f"{counts.added:,} added", f"{counts.updated:,} updated", f"{counts.deleted:,} deleted"]
    parts += [f"{counts.unchanged:,} unchanged"]
    parts += [f"{count:,} {name}" for name in ("rejected", "skipped") if (count := getattr(counts, name))]
    return ", ".join(parts)


def _variant(report: RunReport) -> str:
    return "" if report.variant == "base" else f" ({report.variant})"
