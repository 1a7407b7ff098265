"""`connectors providers`: list, show, check, export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.cli import failures
from connectors.cli.choices import current_choices
from connectors.cli.command import Group, json_option
from connectors.cli.table import say_facts, say_table
from connectors.cli.terminal import amount, say, say_json, tell
from connectors.errors import DefinitionError

if TYPE_CHECKING:
    from connectors.runtime.catalog import Catalog, Provider
    from connectors.runtime.definition_check import Finding
    from connectors.runtime.fields import Field


@click.group(cls=Group)
def providers() -> None:
    """List, show, check and export provider definitions."""


@providers.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List all providers: their auth mode, and the fields that a connection needs."""
    choices = current_choices()
    rows = [_listed(choices.catalog, name) for name in choices.catalog.names()]
    if as_json:
        say_json(rows)
        return
    headings = ("name", "product", "auth mode", "fields", "syncs")
    syncs = {row["name"]: ", ".join(sync.name for sync in choices.registry.syncs(row["name"])) for row in rows}
    say_table(headings, [(*_row(row), syncs[row["name"]]) for row in rows])


@providers.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show what a connection to a provider needs, and what is known of it."""
    choices = current_choices()
    provider = choices.catalog.get(name)
    syncs = [sync.name for sync in choices.registry.syncs(name)]
    if as_json:
        say_json({**_listed(choices.catalog, name), **_more(provider), "syncs": syncs})
        return
    say_facts(_facts(provider, syncs))
    for field in _fields(provider):
        say()
        for line in _described(field):
            say(line)
    for line in _limits(provider):
        say(line)


@providers.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def check(files: Sequence[Path], *, as_json: bool) -> None:
    """Check files of definitions; every problem with its line. Fails if there is an error."""
    from connectors.runtime.definition_check import check_file

    found = [(file, finding) for file in files for finding in check_file(file)]
    errors = sum(finding.severity == "error" for _, finding in found)
    if as_json:
        say_json([{"file": str(file), **asdict(finding)} for file, finding in found])
    else:
        for file, finding in found:
            say(_finding(file, finding))
        rest = amount(len(found) - errors, "warning")
        tell(f"{amount(len(files), 'file')}: {amount(errors, 'error')}, {rest}")
    click.get_current_context().exit(failures.FAILED if errors else failures.OK)


@providers.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
def export(names: Sequence[str]) -> None:
    """Write definitions as YAML for other readers of the format, without our extension keys."""
    from connectors.runtime.definition_check import export as export_definitions

    catalog = current_choices().catalog
    for text in map(partial(export_definitions, catalog), names) if names else [export_definitions(catalog)]:
        click.echo(text, nl=False)


def _listed(catalog: Catalog, name: str) -> dict[str, Any]:
    """A provider in a listing. One that is broken is listed with its problem: it must not hide the others."""
    try:
        provider = catalog.get(name)
        fields = [_plain(field) for field in _fields(provider)]
        facts = {"display_name": provider.display_name, "auth_mode": provider.auth_mode}
    except DefinitionError as error:
        return {"name": name, "display_name": name, "auth_mode": None, "fields": [], "problem": error.message}
    return {"name": name, **facts, "fields": fields}


def _row(row: dict[str, Any]) -> tuple[str, str, str, str]:
    names = ", ".join(field["name"] for field in row["fields"])
    return row["name"], row["display_name"], row["auth_mode"] or "?", row.get("problem") or names


def _more(provider: Provider) -> dict[str, Any]:
    return {
        "base_url": provider.base_url,
        "docs": provider.docs,
        "docs_connect": provider.docs_connect,
        "rate_limits": provider.rate_limits,
        "source": provider.source,
        "line": provider.line,
    }


def _fields(provider: Provider) -> list[Field]:
    from connectors.runtime.fields import fields_of

    return [field for field in fields_of(provider) if not (field.hidden or field.automated)]


def _plain(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "group": field.group,
        "title": field.title,
        "description": field.description,
        "expected": field.expected,
        "required": field.required,
        "secret": field.secret,
        "prefix": field.prefix,
        "suffix": field.suffix,
    }


def _facts(provider: Provider, syncs: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "name", provider.name
    yield "product", provider.display_name
    yield "auth mode", provider.auth_mode
    yield "base URL", provider.base_url or "none"
    if syncs:
        yield "syncs", ", ".join(syncs)
    if provider.docs:
        yield "documentation", _link(provider.docs)
    if provider.docs_connect:
        yield "how to connect", _link(provider.docs_connect)
    yield "defined in", f"{provider.source}, line {provider.line}"


def _link(target: str) -> str:
    """An address as it is; a page of this project as its file, where that is here."""
    from connectors.data import root

    page = root() / f"{target.lstrip('/')}.md"
    return str(page) if target.startswith("/") and page.is_file() else target


def _described(field: Field) -> Iterator[str]:
    option = "--config" if field.group == "connection_config" else "--credential"
    given = f"{option} {field.name}={'@FILE' if field.secret else 'VALUE'}"
    marks = [name for name, is_so in (("secret", field.secret), ("may be left out", not field.required)) if is_so]
    yield f"{field.title} ({given}){', ' * bool(marks)}{', '.join(marks)}"
    if field.description:
        yield f"  {field.description}"
    yield f"  expected: {field.expected}"
    if field.prefix or field.suffix:
        yield f"  whole address: {field.prefix or ''}…{field.suffix or ''}"


def _limits(provider: Provider) -> Iterator[str]:
    rates = provider.rate_limits
    if not rates:
        return
    plans = [str(plan) for plan in rates.get("plans", ())]
    yield ""
    chosen = f"without metadata.plan: {rates.get('plan')}"
    yield f"Calls in {rates.get('window', 60)} s by plan ({', '.join(plans)}; {chosen})"
    for name, entry in {**(rates.get("groups") or {}), "all others": rates.get("assumed") or {}}.items():
        for operation, figures in entry.items():
            if isinstance(figures, dict) and operation != "operations":
                shown = ", ".join(f"{plan} {figures.get(plan)}" for plan in plans)
                yield f"  {name} {operation}: {shown}{' (assumed)' if name == 'all others' else ''}"


def _finding(file: Path, finding: Finding) -> str:
    where = f" {finding.path}:" if finding.path else ""
    warning = " warning:" if finding.severity == "warning" else ""
    step = f" {finding.next_step}" if finding.next_step else ""
    return f"{file}:{finding.line}:{where}{warning} {finding.message}{step}"
