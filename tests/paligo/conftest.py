"""The emulated account over real HTTPS under the real host name, and a host connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.host import Host
from connectors.engine.records import read_records
from connectors.engine.report import RunOptions, RunReport
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches


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

    def sync(self, **options: Any) -> RunReport:
        """Run the documents sync; the emulator's log holds this run's requests only."""
        self.emulator.reset_log()
        return run_sync(self.host, "dev", "acme", "documents", RunOptions(**options))

    def records(self) -> dict[str, dict[str, Any]]:
        """What is stored, by id."""
        found = read_records(self.host, "dev", "acme", "Document")
        return {record.id: record.data for record in found if record.deleted_at is None}

    def truth(self) -> dict[str, dict[str, Any]]:
        """What ought to be stored: the documents as the provider shows them, ids as text."""
        return {str(row["id"]): {**row, "id": str(row["id"])} for row in self.emulator.truth("documents")}

    def reads(self) -> list[str]:
        """Ids of the documents that were read one by one."""
        paths = [entry.path.split("?")[0].rstrip("/") for entry in self.emulator.log if entry.method == "GET"]
        return [path.rsplit("/", 1)[1] for path in paths if path.rsplit("/", 1)[0].endswith("/documents")]


@pytest.fixture
def open_acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Acme]]:
    """Make an account of so many documents behind these switches, and connect to it."""
    with ExitStack() as stack:

        def make(documents: int = 40, *, plan: str = "none", folders: int = 6, **switches: Any) -> Acme:
            account = Account.generate(documents=documents, folders=folders, publications=2)
            emulator = stack.enter_context(Emulator(account, Switches(**{"plan": plan, **switches})))
            for name, value in emulator.environment().items():
                monkeypatch.setenv(name, value)
            acme = Acme(tmp_path / "home", emulator, plan)
            stack.callback(acme.host.close)
            return acme

        yield make
