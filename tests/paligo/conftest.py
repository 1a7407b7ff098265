"""The emulated account over real HTTPS under the real host name, and a host connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.host import Host
from connectors.engine.invoke import ActionResult, invoke
from connectors.engine.records import read_records
from connectors.engine.report import RunOptions, RunReport
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches
from connectors.testing import FakeClock


class Acme:
    """One customer: the emulated account, and what we keep of it."""

    def __init__(self, home: Path, emulator: Emulator, plan: str) -> None:
        self.home = home
        self.emulator = emulator
        self.host = Host.open(Settings.load({}, home=home))
        self.host.connections.connect(
            "dev",
            provider="paligo",
            id="acme",
            config={"instance": INSTANCE, "username": USERNAME},
            credentials={"apiKey": API_KEY},
            metadata={"plan": plan},
        )
        emulator.reset_log()

    def sync(self, name: str = "documents", **options: Any) -> RunReport:
        """Run a sync; the emulator's log holds this run's requests only."""
        self.emulator.reset_log()
        return run_sync(self.host, "dev", "acme", name, RunOptions(**options))

    def records(self, model: str = "Document") -> dict[str, dict[str, Any]]:
        """What is stored, by id."""
        found = read_records(self.host, "dev", "acme", model)
        return {record.id: record.data for record in found if record.deleted_at is None}

    def truth(self, table: str = "documents") -> dict[str, dict[str, Any]]:
        """What ought to be stored: the rows as the provider shows them, ids as text."""
        return {str(row["id"]): {**row, "id": str(row["id"])} for row in self.emulator.truth(table)}

    def reads(self) -> list[str]:
        """Ids of the documents that were read one by one."""
        paths = [entry.path.split("?")[0].rstrip("/") for entry in self.emulator.log if entry.method == "GET"]
        return [path.rsplit("/", 1)[1] for path in paths if path.rsplit("/", 1)[0].endswith("/documents")]


@pytest.fixture
def open_acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Acme]]:
    """Make an account of so many documents (`more`: of so much else) behind these switches, and connect to it."""
    with ExitStack() as stack:

        def make(
            documents: int = 40,
            *,
            plan: str = "none",
            folders: int = 6,
            publications: int = 2,
            more: Mapping[str, int] | None = None,
            **switches: Any,
        ) -> Acme:
            account = Account.generate(documents=documents, folders=folders, publications=publications, **(more or {}))
            emulator = stack.enter_context(Emulator(account, Switches(**{"plan": plan, **switches})))
            for name, value in emulator.environment().items():
                monkeypatch.setenv(name, value)
            acme = Acme(tmp_path / "home", emulator, plan)
            stack.callback(acme.host.close)
            return acme

        yield make


class Actor:
    """A connection whose actions are called on an emulated account; nobody really waits."""

    def __init__(self, home: Path, emulator: Emulator) -> None:
        self.emulator = emulator
        self.clock = FakeClock()
        self.home = home
        self.host = Host.open(Settings.load({}, home=home), clock=self.clock)
        self.stored = self.host.connections.connect(
            "dev",
            provider="paligo",
            id="acme",
            config={"instance": INSTANCE, "username": USERNAME},
            credentials={"apiKey": API_KEY},
            metadata={"plan": "none"},
        )
        emulator.reset_log()

    def call(self, action: str, given: Mapping[str, Any] | None = None, **more: Any) -> ActionResult:
        """Call an action; the emulator's log holds this call's requests only."""
        self.emulator.reset_log()
        return invoke(self.host, "dev", "acme", action, {**(given or {}), **more})

    def do(self, action: str, given: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Call an action, and take its output."""
        return self.call(action, given, **more).output

    def sent(self, method: str, prefix: str = "/api/v2/") -> list[str]:
        """The paths of that method that were asked for."""
        return [entry.path for entry in self.emulator.log if entry.method == method and entry.path.startswith(prefix)]

    def content_of(self, file: Mapping[str, Any]) -> bytes:
        """What is in a file of an output."""
        with self.host.files.get("dev", file["file"]).open() as content:
            return content.read()

    def kept(self) -> list[Path]:
        """Every file below the data folder's place for files."""
        return [file for file in (self.home / "files").rglob("*") if file.is_file()]


@pytest.fixture
def open_actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Actor]]:
    """Connect to an emulated account behind these switches, to call actions."""
    with ExitStack() as stack:

        def make(account: Account | None = None, **switches: Any) -> Actor:
            account = account or Account.generate(documents=12, variable_sets=1)
            emulator = stack.enter_context(Emulator(account, Switches(**switches)))
            for name, value in emulator.environment().items():
                monkeypatch.setenv(name, value)
            actor = Actor(tmp_path / "actor", emulator)
            stack.callback(actor.host.close)
            return actor

        yield make


@pytest.fixture
def actor(open_actor: Callable[..., Actor]) -> Actor:
    """A connection to a small emulated account."""
    return open_actor()


@pytest.fixture
def open_theirs(tmp_path: Path) -> Callable[[], Host]:
    """Connect to the emulated account as the reference runtime's own definition of Paligo says: BASIC, subdomain."""

    def make() -> Host:
        file = tmp_path / "theirs.yaml"
        file.write_text(THEIRS)
        host = Host.open(Settings.load({}, home=tmp_path / "other"), providers=[file])
        host.connections.connect(
            "dev",
            provider="paligo",
            id="acme",
            config={"subdomain": INSTANCE},
            credentials={"username": USERNAME, "password": API_KEY},
            metadata={"plan": "none"},
        )
        return host

    return make


THEIRS = """
paligo:
  display_name: Paligo
  auth_mode: BASIC
  proxy:
    base_url: https://${connectionConfig.subdomain}.paligoapp.com
    verification:
      method: GET
      endpoints: [/api/v2/groups?page=1&per_page=1]
  docs: https://docs.example
  connection_config:
    subdomain: {type: string, title: Instance, description: The name, prefix: https://, suffix: .paligoapp.com}
  credentials:
    username: {type: string, title: Username, description: E-mail, format: email}
    password: {type: string, title: API Key, description: The key, secret: true, pattern: '^[A-F0-9]+$'}
"""
