"""`connectors providers`: list, show, request, check, export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.cli import failures
from connectors.cli.choices import current_choices
from connectors.cli.command import Group, json_option
from connectors.cli.integration_input import is_secret
from connectors.cli.integration_input import names as integration_names
from connectors.cli.provider_request import request
from connectors.cli.table import say_facts, say_table
from connectors.cli.terminal import amount, say, say_json, tell
from connectors.errors import DefinitionError, InputError

if TYPE_CHECKING:
    from connectors.runtime.catalog import Catalog, Provider
    from connectors.runtime.definition_check import Finding
    from connectors.runtime.fields import Field


@click.group(cls=Group)
def providers() -> None:
    """List, show, try out, check and export provider definitions."""


providers.add_command(request)


@providers.command("list")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--mode", metavar="MODE", help="Only providers of that auth mode, as OAUTH2.")
@json_option
def list_(words: Sequence[str], *, mode: str | None, as_json: bool) -> None:
    """List providers: their auth mode, and what a connection and its integration need.

    With words: those whose name or product holds all of them.
    """
    choices = current_choices()
    found = (_listed(choices.catalog, name) for name in choices.catalog.names())
    rows = [row for row in found if _is_wanted(row, words, _known_mode(mode))]
    if as_json:
        say_json(rows)
        return
    headings = ("name", "product", "auth mode", "fields", "integration", "syncs")
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
    for line in _of_integration(provider):
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


def _known_mode(mode: str | None) -> str | None:
    from connectors.runtime.auth import MODES

    if mode is None or mode.upper() in MODES:
        return mode and mode.upper()
    close = get_close_matches(mode.upper(), MODES, n=1)
    raise InputError(
        f"{mode[:40]!r} is no auth mode.",
        next_step=f"Did you mean {close[0]}?" if close else f"The auth modes are {', '.join(MODES)}.",
    )


def _is_wanted(row: dict[str, Any], words: Sequence[str], mode: str | None) -> bool:
    text = f"{row['name']} {row['display_name']}".lower()
    return mode in (None, row["auth_mode"]) and all(word.lower() in text for word in words)


def _listed(catalog: Catalog, name: str) -> dict[str, Any]:
    """A provider in a listing. One that is broken is listed with its problem: it must not hide the others."""
    try:
        provider = catalog.get(name)
        fields = [_plain(field) for field in _fields(provider)]
        facts = {"display_name": provider.display_name, "auth_mode": provider.auth_mode}
        integration = list(integration_names(provider))
    except DefinitionError as error:
        nothing: dict[str, Any] = {"auth_mode": None, "fields": [], "integration": []}
        return {"name": name, "display_name": name, **nothing, "problem": error.message}
    return {"name": name, **facts, "fields": fields, "integration": integration}


def _row(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    names = ", ".join(field["name"] for field in row["fields"])
    mode = row["auth_mode"] or "?"
    return row["name"], row["display_name"], mode, row.get("problem") or names, ", ".join(row["integration"])


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


def _of_integration(provider: Provider) -> Iterator[str]:
    """What whoever runs this gives once, for all connections."""
    names = integration_names(provider)
    if not names:
        return
    yield ""
    yield f"Its integration (connectors integrations create KEY --provider {provider.name}) takes"
    for name in names:
        described = provider.integration_config.get(name, {})
        title = described.get("title") or name.replace("_", " ").capitalize()
        yield f"  {title} ({_integration_option(provider, name)})"


def _integration_option(provider: Provider, name: str) -> str:
    if name in ("client_id", "client_secret"):
        return "--client-id ID" if name == "client_id" else "--client-secret @FILE"
    return f"--custom {name}={'@FILE' if is_secret(provider, name) else 'VALUE'}"


def _facts(provider: Provider, syncs: Sequence[str]) -> Iterator[tuple[str, str]]:
    from connectors.runtime.auth import BROWSER_MODES

    yield "name", provider.name
    yield "product", provider.display_name
    yield "auth mode", provider.auth_mode
    yield "connects", "with a consent in a browser" if provider.auth_mode in BROWSER_MODES else "with its credentials"
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
