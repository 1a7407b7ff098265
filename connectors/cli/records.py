"""`connectors records`: what is stored, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, connection_options, json_option
from connectors.cli.terminal import tell

if TYPE_CHECKING:
    from connectors.engine.records import StoredRecord

FORMATS = ("table", "jsonl", "csv")


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
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many records.")
@click.option("--fields", metavar="A,B", help="Only these fields; a.b is a field of a field.")
@click.option("--deleted/--no-deleted", default=None, help="Whether deleted records come too; default: with --cursor.")
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
        schema = host.registry.models.get(stored.provider, model).schema
        with_deleted = cursor is not None if deleted is None else deleted
        followed = Followed(found, cursor, deleted=with_deleted)
        look = Look(
            known=tuple(schema.get("properties", ())),
            chosen=tuple(name.strip() for name in (fields or "").split(",") if name.strip()),
            deleted=with_deleted,
        )
        writer("jsonl" if as_json else form)(islice(followed, limit), look)
    if followed.cursor is not None:
        tell(f"next cursor: {followed.cursor}")
