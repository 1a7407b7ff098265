"""A made-up provider whose account is a dict in memory, and a host over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.authoring import Item, Run, Sync, sync
from connectors.engine.host import Host
from connectors.engine.report import RunOptions, RunReport
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.registry import Connector, Found, Registry
from connectors.testing import FakeClock

DEFINITION = """
toy:
  display_name: Toy
  auth_mode: NONE
  docs: https://toy.example
  proxy: {base_url: https://toy.example}
"""
SCHEMA = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "seen_at": {}},
}


class Toy:
    """An account, the sync over it, and the store it fills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.things: dict[str, dict[str, Any]] = {}
        self.reads: list[str] = []
        self.clock = FakeClock()
        self.script: Callable[[Run], Iterable[Item]] = self.listing
        (folder / "schemas" / "toy").mkdir(parents=True)
        (folder / "schemas" / "toy" / "Thing.json").write_text(json.dumps(SCHEMA))
        (folder / "providers.yaml").write_text(DEFINITION)
        self.sync = self.declare()
        self.host = self.open()

    def declare(self, **options: Any) -> Sync:
        def things(run: Run) -> Iterable[Item]:
            yield from self.script(run)

        return sync("Thing", **{"every": "1h", "deletes": "absent", **options})(things)

    def open(self, declared: Sync | None = None) -> Host:
        settings = Settings.load({}, home=self.folder / "home")
        connector = Connector(functions=(declared or self.sync,))
        registry = Registry([Found("toy", connector, self.folder / "providers.yaml", self.folder / "schemas")])
        host = Host(settings, Store(settings.database), Vault([b"k" * 32]), registry, registry.catalog(), self.clock)
        host.connections.connect("dev", provider="toy", id="acme", config={}, credentials={}, verify=False)
        return host

    def listing(self, run: Run) -> Iterable[Item]:
        """Every thing, read only if its version is new."""

        def read(stub: Any) -> dict[str, Any]:
            self.reads.append(stub["id"])
            return self.things[stub["id"]]

        yield from run.refresh(({"id": id_, **thing} for id_, thing in self.things.items()), read, version=_version)

    def fill(self, count: int, *, version: int = 1) -> None:
        for number in range(count):
            self.things[f"t{number:04}"] = {"id": f"t{number:04}", "name": f"Thing {number}", "version": version}

    def run(self, host: Host | None = None, **options: Any) -> RunReport:
        self.reads.clear()
        return run_sync(host or self.host, "dev", "acme", "things", RunOptions(**options))

    def stored(self) -> dict[str, dict[str, Any]]:
        from connectors.engine.records import read_records

        found = read_records(self.host, "dev", "acme", "Thing")
        return {record.id: record.data for record in found if record.deleted_at is None}


def _version(stub: Any) -> Any:
    return stub.get("version")


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path)
    yield made
    made.host.close()
