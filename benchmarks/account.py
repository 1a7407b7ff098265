"""A host with one connection whose account is a list in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.authoring import Record, Run, sync
from connectors.data import root
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.registry import Connector, Found, Registry
from connectors.runtime.clock import SystemClock

_DEFINITION = """
paligo:
    display_name: Bench
    auth_mode: NONE
    docs: https://bench.example
    proxy: {base_url: https://bench.example}
"""


@contextmanager
def account(folder: Path, documents: list[dict[str, Any]]) -> Iterator[Host]:
    """A host in that folder. Its sync `documents` yields what the list holds at that time."""

    @sync("Document", every="1h", deletes="absent", name="documents")
    def listed(run: Run) -> Iterator[Record]:
        """The whole list."""
        del run
        return (Record(document, version=document["modified_at"]) for document in documents)

    definitions = folder / "providers.yaml"
    definitions.parent.mkdir(parents=True, exist_ok=True)
    definitions.write_text(_DEFINITION)
    registry = Registry([Found("paligo", Connector(functions=(listed,)), definitions, root() / "schemas")])
    settings = Settings.load({}, home=folder / "home")
    vault, store = Vault([b"k" * 32]), Store(settings.database)
    with Host(settings, store, vault, registry, registry.catalog(), SystemClock()) as host:
        host.connections.connect("dev", provider="paligo", id="acme", config={}, credentials={}, verify=False)
        yield host
