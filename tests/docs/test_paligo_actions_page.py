"""docs/providers/paligo/actions.md says what the table says, and each of its commands is run on the emulator."""

from __future__ import annotations

import re
import shlex
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors import errors
from connectors.cli.main import cli
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator
from connectors.paligo.operations import READS, WRITES
from connectors.testing import instant

PAGE = "docs/providers/paligo/actions.md"
ROWS = [*WRITES, *READS]
NOT_ACTIONS = "What holds for all of them"
named = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@pytest.fixture(scope="module")
def sections(page) -> dict[str, str]:
    """The part of the page about each action, heading first."""
    found = re.split(r"^(?=## )", page(PAGE).text, flags=re.MULTILINE)[1:]
    return {
        part.splitlines()[0].removeprefix("## "): part for part in found if not part.startswith(f"## {NOT_ACTIONS}")
    }


def _rows(section: str, head: str) -> list[list[str]]:
    """The cells of the table with that head."""
    table = section.split(f"| {head} |\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[1:]]


def _command(section: str) -> list[str]:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", section, flags=re.DOTALL | re.MULTILINE)
    return shlex.split(block)


def _account() -> Account:
    """An account that holds what the examples name."""
    account = Account.generate(documents=4, publications=0)
    account.insert("folders", {"id": 317, "name": "Pumps", "type": "folder", "parent": 0})
    publication = {"id": 3901, "subtype": "publication", "parent": 317, "languages": ["en", "sv"]}
    account.add_document("Pump guide", **publication)
    account.add_document("Install the pump", id=48213, parent=317, modified_at=1_754_042_400)
    fork = {"parent": 3901, "root_document": 3901, "position": 1, "depth": 1, "document": 48213}
    account.insert("forks", {"id": 8493, **fork})
    account.add("images", id=51200, name="pump-front.png")
    account.add("taxonomies", id=603, title="Pumps")
    account.add("publishsettings", id=35, resource=3901)
    account.add("variablesets", id=7, title="Products")
    account.add("variants", id=21, variable_set_id=7, title="Acme 2000")
    account.add("variants", id=22, variable_set_id=7, title="Acme X")
    account.add("variables", id=33, variable_set_id=7, title="Height")
    account.add("variablevalues", id=91, variable_id=33, variant_id=21, value="118 mm")
    account.add("assignments", id=282, document_id=48213, users=[3])
    return account


@pytest.fixture
def type_it(clean_environment, tmp_path) -> Iterator[Callable[[list[str]], Result]]:
    """Type a command beside the files that the examples name; nobody really waits."""
    clean_environment.chdir(tmp_path)
    for name in ("pump-front.png", "pump-sv.xliff"):
        Path(name).write_bytes(b"content")
    with zipfile.ZipFile("pages.zip", "w") as archive:
        archive.writestr("page.html", "<p>One</p>")
    with Emulator(_account()) as emulator, instant():
        for name, value in emulator.environment().items():
            clean_environment.setenv(name, value)
        with Host.open(Settings.load()) as host:
            host.connections.connect(
                "dev",
                provider="paligo",
                id="acme",
                config={"instance": INSTANCE, "username": USERNAME},
                credentials={"apiKey": API_KEY},
            )
        yield lambda words: CliRunner().invoke(cli, words[1:])


def test_each_action_has_its_section_and_nothing_else_has(sections):
    assert sorted(sections) == sorted(row.name for row in ROWS)


@named
def test_each_field_is_told_as_the_table_has_it(sections, row):
    told = _rows(sections[row.name], "Field | Needed | In short")
    assert [name for name, _, _ in told] == [f"`{name}`" for name in row.given]
    for (name, needed, says), field in zip(told, row.given.values(), strict=True):
        assert needed == ("yes" if field.required else "no"), name
        assert says.startswith(field.schema["description"]), name
        assert all(f"`{value}`" in says for value in field.schema.get("enum", ())), name


@named
def test_what_it_gives_is_told(sections, row):
    section = sections[row.name]
    assert "\nGives" in section
    if row.output is not None:
        told = _rows(section.split("\nGives:", 1)[1], "Field | In short")
        assert [name.strip("`") for name, _ in told] == list(row.output["properties"])
        for (_, says), schema in zip(told, row.output["properties"].values(), strict=True):
            assert says.startswith(schema.get("description", ""))


@named
def test_its_errors_are_told_by_codes_that_there_are(sections, row):
    below = sections[row.name].split("\nErrors:\n", 1)[1]
    heads = [line.partition(":")[0] for line in below.splitlines() if line.startswith("- `")]
    codes = {code for head in heads for code in re.findall(r"`(\w+)`", head)}
    known = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert codes
    assert codes <= known


@named
def test_its_example_does_what_it_says(sections, row, type_it, tmp_path):
    words = _command(sections[row.name])
    assert words[:5] == ["connectors", "action", row.name, "--connection", "acme"]
    result = type_it(words)
    assert result.exit_code == 0, result.output
    if "--to" in words:
        assert [file for file in (tmp_path / "out").rglob("*") if file.is_file()]


def test_publishing_puts_the_files_in_place(sections, type_it, tmp_path):
    result = type_it(_command(sections["publish"]))
    assert len(result.stdout.splitlines()) == 1
    assert result.stdout.startswith("publish of acme: done")
    assert (tmp_path / "out/pub/out/en/index-en.html").read_bytes().startswith(b"<!DOCTYPE html><title>Pump guide")


def test_a_delete_without_a_yes_does_nothing(sections, type_it):
    words = [word for word in _command(sections["delete-document"]) if word != "--yes"]
    result = type_it(words)
    assert result.exit_code != 0
    assert "--yes" in result.output
    assert type_it(_command(sections["get-document"])).exit_code == 0
