import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors.cli.main import cli
from connectors.paligo.emulator import Account, Emulator

Run = Callable[..., Result]

DOCUMENTS = 24


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CONNECTORS_") or name in ("DATABASE_URL", "COLUMNS"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONNECTORS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(Account.generate(documents=DOCUMENTS)) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def key_file(emulator: Emulator, tmp_path: Path) -> Path:
    file = tmp_path / "api.key"
    file.write_text(f"{emulator.api_key}\n")
    return file


@pytest.fixture
def run(home: Path) -> Run:
    def invoke(*arguments: str, stdin: str | bytes | None = None, code: int | None = 0) -> Result:
        result = CliRunner().invoke(cli, list(arguments), input=stdin, prog_name="connectors")
        assert code is None or result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def connected(run: Run, emulator: Emulator, key_file: Path) -> Emulator:
    """The emulator, connected as `acme` on the plan `none`."""
    config = ("--config", f"instance={emulator.instance}", "--config", f"username={emulator.username}")
    run("connect", "paligo", "--id", "acme", *config, "--credential", f"apiKey=@{key_file}", "--metadata", "plan=none")
    emulator.reset_log()
    return emulator
