"""A made-up provider whose account is a dict in memory, and a host over it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.authoring import Action, Call, Item, Run, Sync, action, sync
from connectors.engine.host import Host
from connectors.engine.invoke import invoke
from connectors.engine.report import RunOptions, RunReport
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.registry import Connector, Found, Registry
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer

DEFINITION = """
toy:
  display_name: Toy
  auth_mode: NONE
  docs: https://toy.example
  proxy: {base_url: https://toy.example}
"""
DESK = """
desk:
  display_name: Desk
  auth_mode: API_KEY
  docs: https://desk.example
  proxy:
    base_url: URL
    headers: {x-api-key: "${apiKey}"}
  credentials:
    apiKey: {type: string, title: API Key, secret: true}
  rate_limits:
    window: 60
    plan: small
    plans: [small, large]
    operations: {GET: read, POST: create, PUT: update, DELETE: delete}
    assumed: {read: {small: 3, large: 30}, update: {small: 3, large: 30}}
    groups:
      jobs: {path: /jobs, read: {small: 2, large: 30}}
"""
SCHEMA = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "seen_at": {}},
}


class Toy:
    """An account, the sync over it, and the store it fills."""

    def __init__(self, folder: Path, database_url: str = "", **given: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.given = given  # further settings
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
        settings = Settings.load({"DATABASE_URL": self.database_url, **self.given}, home=self.folder / "home")
        settings.make_home()
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

    def set(self, name: str, value: str) -> None:
        """Change a setting of the host that is open."""
        self.host.settings._found[name] = (value, "given")  # type: ignore[index]

    def dump(self) -> list[str]:
        """Everything that is stored."""
        session = self.host.store.database.connection
        if not self.database_url:
            return list(session.iterdump())  # type: ignore[attr-defined]
        tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        return [
            repr(tuple(row))
            for (table,) in tables
            for row in session.execute(f"SELECT * FROM {table} AS t ORDER BY t::text").fetchall()
        ]

    def stored(self) -> dict[str, dict[str, Any]]:
        from connectors.engine.records import read_records

        found = read_records(self.host, "dev", "acme", "Thing")
        return {record.id: record.data for record in found if record.deleted_at is None}


def stored_octets(host: Host) -> bytes:
    """Everything that a store holds: the file with its log, or each value of each row."""
    where = host.settings.database
    if isinstance(where, Path):
        return b"".join(file.read_bytes() for file in where.parent.iterdir() if file.name.startswith(where.name))
    session = host.store.database.connection
    tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    rows = [row for (table,) in tables for row in session.execute(f"SELECT * FROM {table}").fetchall()]
    return b"\n".join(each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row)


def _version(stub: Any) -> Any:
    return stub.get("version")


@pytest.fixture
def toy(tmp_path: Path, database_url: str) -> Iterator[Toy]:
    made = Toy(tmp_path, database_url)
    yield made
    made.host.close()


class Desk:
    """A provider on this machine whose answers are functions, and actions that are declared as a test needs them."""

    ANYTHING: ClassVar[dict[str, Any]] = {"type": "object"}

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder = folder
        self.database_url = database_url
        self.routes: dict[tuple[str, str], Callable[[str, bytes], Any]] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.clock = FakeClock()
        self._actions: list[Action] = []
        self._host: Host | None = None
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                desk.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                route = desk.routes.get((self.command, self.path.partition("?")[0]))
                given = (404, {"error": "unknown"}) if route is None else route(self.path, body)
                status, content, headers = (*given, {})[:3] if isinstance(given, tuple) else (200, given, {})
                octets = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def declare(
        self,
        function: Callable[[Call, Mapping[str, Any]], Any],
        *,
        input: Mapping[str, Any] | None = None,
        output: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Add an action, called like the function."""
        declared = action(**options)(function)
        schemas = self.folder / "schemas" / "desk" / "actions"
        schemas.mkdir(parents=True, exist_ok=True)
        (schemas / f"{declared.name}.input.json").write_text(json.dumps(input or self.ANYTHING))
        (schemas / f"{declared.name}.output.json").write_text(json.dumps(output or self.ANYTHING))
        self._actions.append(declared)
        self.close_host()

    @property
    def host(self) -> Host:
        if self._host is None:
            definitions = self.folder / "providers.yaml"
            definitions.write_text(DESK.replace("URL", self.url))
            given_settings = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", "DATABASE_URL": self.database_url}
            settings = Settings.load(given_settings, home=self.folder / "home")
            settings.make_home()
            connector = Connector(functions=tuple(self._actions))
            registry = Registry([Found("desk", connector, definitions, self.folder / "schemas")])
            store, vault = Store(settings.database), Vault([b"k" * 32])
            self._host = Host(settings, store, vault, registry, registry.catalog(), self.clock)
            for environment in ("dev", "other"):
                given: dict[str, Any] = {"id": "acme", "config": {}, "credentials": {"apiKey": "s3cr3t-Key"}}
                self._host.connections.connect(environment, provider="desk", verify=False, **given)
        return self._host

    def call(self, name: str, given: Mapping[str, Any] | None = None, environment: str = "dev", **options: Any) -> Any:
        return invoke(self.host, environment, "acme", name, given or {}, **options)

    def on_disk(self) -> list[str]:
        folder = self.folder / "home" / "files"
        return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []

    def close_host(self) -> None:
        if self._host is not None:
            self._host.close()
            self._host = None

    def close(self) -> None:
        self.close_host()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


@pytest.fixture
def desk(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    made = Desk(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def clock() -> FakeClock:
    """The time of the authorization server and of the host that asks it."""
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[AuthorizationServer]:
    """An authorization server on this machine, with an API that takes its tokens."""
    with AuthorizationServer(clock.now) as running:
        yield running
