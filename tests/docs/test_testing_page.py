from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from connectors import testing
from connectors.paligo.emulator import API_KEY, Emulator
from connectors.testing import plugin

PAGE = "docs/testing.md"


@pytest.fixture
def folder(page, tmp_path) -> Path:
    for name, text in page(PAGE).files():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_tests_that_do_not_wait_pass(folder, typed):
    done = typed(["python", "-m", "pytest", "-q", "test_waiting.py"], folder)
    assert "3 passed" in done.stdout


def test_a_cassette_is_recorded_from_the_emulator_and_replayed_without_it(page, folder, typed, clean_environment):
    record, replay = page(PAGE).commands("python")
    with Emulator() as emulator, clean_environment.context() as variables:
        for name, value in emulator.environment().items():
            variables.setenv(name, value)
        assert "1 passed" in typed(record, folder).stdout
        assert emulator.count(path_prefix="/api/v2/documents/") == 24
    assert "1 passed" in typed(replay, folder).stdout
    (cassette,) = (folder / "cassettes" / "test_recorded").iterdir()
    assert API_KEY not in cassette.read_text()


def test_nothing_is_recorded_from_anywhere_else(page, folder, typed):
    record, _ = page(PAGE).commands("python")
    done = typed(record, folder, fails=True)
    assert done.returncode == 1
    assert "HTTPS_PROXY does not lead to an emulator" in done.stdout


def test_each_fixture_and_name_is_documented(page):
    text = page(PAGE).text
    fixtures = re.findall(r"^@pytest\.fixture\ndef (\w+)", inspect.getsource(plugin), flags=re.MULTILINE)
    assert len(fixtures) == 3
    for name in (*fixtures, *testing.__all__):
        assert f"`{name}`" in text or f"{name}(" in text
    for name in inspect.signature(testing.cassette_rules).parameters:
        assert f"{name}=" in text
