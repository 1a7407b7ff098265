from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import connectors
from connectors.engine.report import RunOptions
from connectors.paligo.emulator import Emulator

KEY = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
PAGE = "docs/library.md"


@pytest.fixture
def mycompany(clean_environment, tmp_path) -> Iterator[Emulator]:
    """The account of the pages: the emulator, with its values in the variables that the snippets read."""
    with Emulator(instance="mycompany", username="me@mycompany.example", api_key=KEY) as emulator:
        account = {"PALIGO_INSTANCE": "mycompany", "PALIGO_USERNAME": "me@mycompany.example", "PALIGO_API_KEY": KEY}
        for name, value in {**emulator.environment(), **account}.items():
            clean_environment.setenv(name, value)
        clean_environment.chdir(tmp_path)
        yield emulator


def execute(blocks: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "a snippet of the page", "exec"), names)
    return names


def test_the_snippets_of_the_page_run_one_after_the_other(page, mycompany, tmp_path, capsys):
    names = execute(page(PAGE).blocks("python"))
    printed = capsys.readouterr().out
    assert names["outcome"].ok
    assert names["groups"]["groups"]
    assert "404 not_found" in printed
    assert names["report"].state == "success"
    assert names["changes"] == []
    assert (tmp_path / "document.json").stat().st_size > 100
    assert mycompany.count(404) == 1  # the one that the page catches


def test_the_snippet_of_the_readme_runs(page, mycompany, tmp_path):
    (block,) = [block for block in page("README.md").blocks("python") if "connect(" in block]
    execute([block])
    assert (tmp_path / "document.json").is_file()
    assert mycompany.count(404) == 0


def test_the_page_names_each_option_of_a_call_and_of_a_client(page):
    text = page(PAGE).text
    options = {*inspect.signature(connectors.Client.request).parameters} - {"self", "method", "endpoint"}
    assert [name for name, *_ in page(PAGE).rows("### Every option of a call")] == [
        f"`{name}`" for name in inspect.signature(connectors.Client.request).parameters if name in options
    ]
    for name in {*inspect.signature(connectors.Client).parameters} - {"connection"}:
        assert f"| `{name}` |" in text
    for name in {*inspect.signature(connectors.connect).parameters} - {"client_options"}:
        assert f"| `{name}` |" in text
    for name in RunOptions.__dataclass_fields__:
        assert f"`{name}`" in text


def test_the_page_names_each_method_of_a_client_and_each_part_of_a_response(page):
    text = page(PAGE).text
    for name in dir(connectors.Client):
        if not name.startswith("_") and name not in ("send", "policy", "request"):
            assert f"`{name}" in text or f".{name}(" in text
    for name in dir(connectors.Response):
        if not name.startswith("_") and name != "close":
            assert f"`{name}" in text


def test_the_errors_of_the_page_are_of_the_face(page):
    rows = page(PAGE).rows("## Errors")
    assert len(rows) > 5
    for names, _ in rows:
        for name in names.split(", "):
            assert issubclass(getattr(connectors, name.strip("`")), connectors.ConnectorError)
