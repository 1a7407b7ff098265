"""The pages about the server name commands, endpoints and files that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from connectors.cli.main import cli
from connectors.server import serving
from connectors.server.routes import endpoints

ROOT = Path(__file__).parents[2]
PAGES = [f"docs/{name}.md" for name in ("api", "migrate-from-nango", "operate", "schedules", "webhooks")]


def known(words: list[str]) -> bool:
    """Whether a command line begins with a command that there is, and uses options of its own."""
    command: click.Command = cli
    context = click.Context(cli, info_name="connectors")
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return False
        command, rest = found, rest[1:]
        context = click.Context(command, parent=context)
    options = {name for each in command.get_params(context) for name in each.opts}
    return all(word.split("=")[0] in options for word in rest if word.startswith("--"))


@pytest.mark.parametrize("path", PAGES)
def test_each_command_that_is_named_exists_with_its_options(page, path):
    told = page(path)
    inline = [shlex.split(found) for found in re.findall(r"`(connectors [a-z][^`|…]*)`", told.text)]
    named = [*told.commands("connectors"), *inline]
    assert [shlex.join(words) for words in named if not known(words)] == []


@pytest.mark.parametrize("path", PAGES)
def test_each_endpoint_that_is_named_exists(page, path):
    there = {re.sub(r"\{[^}]*\}", "", each.name) for each in endpoints()}
    named = {found.rstrip("/") for found in re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`… ]*)`", page(path).text)}
    paths = {name: re.sub(r"\{[^}]*\}", "", name) for name in named}
    placed = {name for name, bare in paths.items() if bare in there}
    assert {name for name in paths if name not in placed and "NAME" not in name} == set()


def test_the_files_for_operators_start_what_there_is_and_the_image_is_said_not_to_have_been_run():
    unit, image = ((ROOT / "deploy" / name).read_text("utf-8") for name in ("connectors.service", "Dockerfile"))
    assert "ExecStart=/opt/connectors/bin/connectors serve\n" in unit
    assert 'CMD ["connectors", "serve"]' in image
    assert "has not been run" in image
    assert "It was not run by us" in (ROOT / "docs" / "operate.md").read_text("utf-8")


def test_systemd_waits_longer_than_a_server_takes_to_stop():
    unit = (ROOT / "deploy" / "connectors.service").read_text("utf-8")
    given = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert given is not None
    assert int(given[1]) > 2 * serving._GRACE  # for requests, and then for runs
    assert f"{serving._GRACE} seconds for requests" in (ROOT / "docs" / "operate.md").read_text("utf-8")


def test_no_key_and_no_database_of_a_working_copy_gets_into_an_image():
    ignored = set((ROOT / ".dockerignore").read_text("utf-8").splitlines())
    assert ignored >= {".git", ".venv", ".connectors", "**/.env", "**/*.key", "**/*.db"}


def test_the_sdist_holds_the_files_for_operators():
    assert '"/deploy"' in (ROOT / "pyproject.toml").read_text("utf-8")
