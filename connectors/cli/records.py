"""`connectors records`: what is stored, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, Number, connection_options, json_option
from connectors.cli.table import say_table
from connectors.cli.terminal import json_text, say, tell, with_times
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.cli.record_formats import Look
    from connectors.engine.host import Host
    from connectors.engine.records import StoredRecord
    from connectors.engine.store.connections import StoredConnection

FORMATS = ("table", "jsonl", "csv")
_MOST_REJECTED = 1000
_SAMPLE = 100  # records that show which fields there are


class Followed:
    """Passes records on, and keeps the place where reading goes on."""

    def __init__(self, records: Iterator[StoredRecord], cursor: str | None, *, deleted: bool) -> None:
        self._records = records
        self._deleted = deleted
        self.cursor = cursor

    def __iter__(self) -> Iterator[StoredRecord]:
        for record in self._records:
            self.cursor = record.cursor
            if self._deleted or record.deleted_at is None:
                yield record


@click.command(cls=Command)
@click.argument("model")
@connection_options
@click.option("--variant", metavar="NAME", default="base", help="The sync's variant.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print; default: table.")
@click.option("--cursor", metavar="CURSOR", help="Only what changed behind it, deletions included.")
@click.option("--limit", type=Number(1, 10**12), metavar="N", help="At most so many records.")
@click.option("--fields", metavar="A,B", help="Only these fields; a.b is a field of a field.")
@click.option("--deleted/--no-deleted", default=None, help="Whether deleted records come too; default: with --cursor.")
@click.option("--rejected", is_flag=True, help="The records that broke their schema and were set aside, with why.")
@json_option
def records(
    model: str,
    *,
    connection_id: str,
    integration: str | None,
    variant: str,
    form: str,
    cursor: str | None,
    limit: int | None,
    fields: str | None,
    deleted: bool | None,
    rejected: bool,
    as_json: bool,
) -> None:
    """Print the records of a model.

    The oldest change comes first. The place where reading goes on is printed on standard error as
    `next cursor: …`; handed back with --cursor it gives every later change. --json is --format jsonl.
    """
    from connectors.cli.record_formats import Look, writer
    from connectors.engine.records import read_records

    choices = current_choices()
    with choices.host() as host:
        found = read_records(
            host,
            choices.environment,
            connection_id,
            model,
            integration=integration,
            variant=variant,
            cursor=cursor,
        )
        stored = host.connections.get(choices.environment, connection_id, integration)
        _check_variant(host, stored, model, variant)
        if rejected:
            _show_rejected(host, stored, model, variant, limit=limit, as_json=as_json or form == "jsonl")
            return
        schema = host.registry.models.get(stored.provider, model).schema
        with_deleted = cursor is not None if deleted is None else deleted
        followed = Followed(found, cursor, deleted=with_deleted)
        look = Look(
            known=tuple(schema.get("properties", ())),
            chosen=tuple(name.strip() for name in (fields or "").split(",") if name.strip()),
            deleted=with_deleted,
        )
        rows: Iterator[StoredRecord] = islice(followed, limit)
        if look.chosen:
            rows = _checked(rows, look)
        writer("jsonl" if as_json else form)(rows, look)
    if followed.cursor is not None:
        tell(f"next cursor: {followed.cursor}")


def _show_rejected(
    host: Host, stored: StoredConnection, model: str, variant: str, *, limit: int | None, as_json: bool
) -> None:
    """What was set aside: id, version, why, and the run that met it."""
    stream = host.store.records.stream(stored.environment, stored.key, model, variant)
    found = [] if stream is None else host.store.records.rejects(stored.environment, stream, limit or _MOST_REJECTED)
    if as_json:
        for row in found:
            say(json_text(with_times(row)))
    elif found:
        names = ("id", "version", "run", "reason")
        say_table(names, [[row[name] or "" for name in names] for row in found])
    else:
        say(f"No record of {model} was set aside.")


def _check_variant(host: Host, stored: StoredConnection, model: str, variant: str) -> None:
    rows = host.store.records.models(stored.environment, stored.key)
    known = sorted(str(row["variant"]) for row in rows if row["model"] == model)
    if variant not in (*known, "base"):
        raise InputError(
            f"There are no records of a variant {variant!r} of {model}; variants: {', '.join(known) or 'none yet'}.",
            next_step="Name one that is there, or leave --variant out.",
        )


def _checked(records: Iterator[StoredRecord], look: Look) -> Iterator[StoredRecord]:
    """The records, once every chosen field is one of the schema or of the first records. Raises `InputError`."""
    sample = list(islice(records, _SAMPLE))
    rows = [record.to_dict() for record in sample]
    known = list(dict.fromkeys([*look.known, *chain.from_iterable(rows)]))
    unknown = [name for name in look.chosen if rows and not _is_known(name, known, rows)]
    if unknown:
        raise InputError(
            f"No record has: {', '.join(unknown)}. Known: {', '.join(known)}.",
            next_step="Choose some of the known ones with --fields; a.b is a field of a field.",
        )
    return chain(sample, records)


def _is_known(name: str, known: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    head = name.partition(".")[0]
    if name in known or head not in known:
        return name in known
    return head != "_metadata" or name.partition(".")[2] in rows[0][head]
