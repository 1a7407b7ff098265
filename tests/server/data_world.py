"""A server with two environments over a provider on this machine, driven over HTTP like a client drives it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import requests

from connectors.authoring import Action, Call, Event, Item, Run, action, sync
from connectors.engine.host import Host
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.registry import Connector, Found, Registry
from connectors.runtime.clock import SystemClock
from connectors.server.app import App
from tests.server.conftest import Running
from tests.server.upstream import Upstream

SECRET = "s3cr3t-Key-of-acme"
DEFINITION = """
desk:
  display_name: Desk
  auth_mode: API_KEY
  docs: https://desk.example
  proxy:
    base_url: URL/base
    headers: {x-api-key: "${apiKey}", x-plan: small}
  credentials:
    apiKey: {type: string, title: API Key, secret: true}
bare:
  display_name: Bare
  auth_mode: API_KEY
  docs: https://bare.example
  credentials:
    apiKey: {type: string, title: API Key, secret: true}
"""
THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": ["string", "integer"]}, "name": {"type": "string"}},
}
ANYTHING = {"type": "object"}


class World:
    """The server, what is behind it, and a client of it."""

    def __init__(self, folder: Path, database_url: str = "", **settings: str) -> None:
        self.folder = folder
        self.upstream = Upstream()
        self.things: dict[Any, dict[str, Any]] = {}
        self.actions: list[Action] = []
        self._given = {"DATABASE_URL": database_url, "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", **settings}
        self._running: Running | None = None
        self.session = requests.Session()
        self.session.trust_env = False

    def declare(
        self,
        function: Callable[[Call, Mapping[str, Any]], Any],
        *,
        name: str | None = None,
        input: Mapping[str, Any] = ANYTHING,
        endpoint: str | None = None,
    ) -> None:
        """Add an action; before `start`."""
        declared = action(name, endpoint=endpoint)(function)
        self._schema(f"actions/{declared.name}.input.json", input)
        self._schema(f"actions/{declared.name}.output.json", ANYTHING)
        self.actions.append(declared)

    def start(self) -> World:
        """Bring the server up, with the connection `acme` in two environments."""
        self._schema("Thing.json", THING)
        (self.folder / "schemas" / "bare").mkdir(exist_ok=True)
        definitions = self.folder / "providers.yaml"
        definitions.write_text(DEFINITION.replace("URL", self.upstream.url))
        settings = Settings.load(self._given, home=self.folder / "home")
        settings.make_home()
        desk = Connector(functions=(self._sync(), *self.actions), events=lambda *_: [Event("changed", "things")])
        registry = Registry(
            [
                Found("desk", desk, definitions, self.folder / "schemas"),
                Found("bare", Connector(), definitions, self.folder / "schemas"),
            ]
        )
        store, vault = Store(settings.database), Vault([b"k" * 32])
        self.host = Host(settings, store, vault, registry, registry.catalog(), SystemClock())
        self.keys = {name: self.host.environments.create(name).key for name in ("dev", "other")}
        for environment in self.keys:
            self.connect("acme", environment=environment)
        self._running = Running(App(self.host)).__enter__()
        self.url = self._running.url
        return self

    def connect(self, id: str, *, environment: str = "dev", provider: str = "desk") -> None:
        """Connect an account."""
        self.host.connections.connect(
            environment, provider=provider, id=id, config={}, credentials={"apiKey": SECRET}, verify=False
        )

    def sync(self, **options: Any) -> None:
        """Run the sync of things once."""
        report = run_sync(self.host, "dev", "acme", "things", RunOptions(**options))
        assert report.state == "success", report.error

    def fill(self, count: int) -> None:
        for number in range(count):
            self.things[f"t{number:04}"] = {"id": f"t{number:04}", "name": f"Thing {number}"}

    def ask(
        self,
        method: str,
        path: str,
        *,
        environment: str = "dev",
        connection: str | None = "acme",
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """A call to the server, with the headers that name a connection unless `connection` is None."""
        named = {} if connection is None else {"Connection-Id": connection, "Provider-Config-Key": "desk"}
        given = {"Authorization": f"Bearer {self.keys[environment]}", **named, **(headers or {})}
        return self.session.request(method, self.url + path, headers=given, timeout=30, **options)

    def code(self, answer: requests.Response) -> tuple[int, str]:
        """Status and code of a refusal."""
        return answer.status_code, answer.json()["error"]["code"]

    def _sync(self) -> Any:
        def things(run: Run) -> Iterable[Item]:
            yield from (dict(thing) for thing in self.things.values())

        return sync("Thing", every="1h", deletes="absent", endpoint="GET /all/things")(things)

    def _schema(self, name: str, schema: Mapping[str, Any]) -> None:
        place = self.folder / "schemas" / "desk" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(schema))

    def close(self) -> None:
        self.session.close()
        if self._running is not None:
            self._running.__exit__()
            self.host.close()
        self.upstream.close()
