"""What the pages promise is run: their files are written, their commands typed, their snippets executed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"^`(?P<file>[\w./-]+)`\n\n```\w*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


class Page:
    """A page of the documentation."""

    def __init__(self, path: str) -> None:
        self.text = (ROOT / path).read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        """The code blocks of a language, in order."""
        return [found["text"] for found in _BLOCK.finditer(self.text) if found["language"] == language]

    def files(self) -> list[tuple[str, str]]:
        """The blocks that stand under a file's name, in order."""
        return [(found["file"], found["text"]) for found in _NAMED.finditer(self.text)]

    def commands(self, start: str = "") -> list[list[str]]:
        """The command lines of the shell blocks that begin so, as words."""
        lines = [line for block in self.blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
        return [shlex.split(line, comments=True) for line in lines if line.startswith(start)]

    def rows(self, heading: str) -> list[list[str]]:
        """The cells of the first table below a heading, without its head."""
        below = self.text.split(f"\n{heading}\n", 1)[1]
        table = next(part for part in below.split("\n\n") if part.lstrip().startswith("|")).strip()
        lines = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in table.splitlines()[2:]]
        return [[cell.strip().replace("\\|", "|") for cell in line] for line in lines]


@pytest.fixture(scope="session")
def page() -> Callable[[str], Page]:
    """A page by its path in the project."""
    return Page


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No setting and no proxy of the machine counts; the data folder is a fresh one."""
    for name in list(os.environ):
        if name.startswith("CONNECTORS_") or name.upper() in _PROXIES or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONNECTORS_HOME", str(tmp_path / "home"))
    return monkeypatch


@pytest.fixture
def typed(clean_environment: pytest.MonkeyPatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Type a command line of a page in a folder; `connectors` and `python` are those of this test run."""

    def run(words: list[str], folder: Path, *, fails: bool = False) -> subprocess.CompletedProcess[str]:
        program = {"connectors": [sys.executable, "-m", "connectors"], "python": [sys.executable]}[words[0]]
        done = subprocess.run(
            [*program, *words[1:]],
            cwd=folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert fails or done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done

    return run
