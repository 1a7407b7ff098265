"""A running server: real sockets on this machine, the store in a folder of the test, keys made as a user makes them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.server.app import App


@dataclass
class Served:
    """A server, and a caller with the key of its environment `dev`."""

    host: Host
    app: App
    url: str
    key: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, *, key: str | None = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {key or self.key}", **options.pop("headers", {})}
        return self.session.request(method, self.url + path, headers=headers, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call("POST", path, json=body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call("PATCH", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.call("DELETE", path, **options)


class Running:
    """uvicorn in a thread; the port is the system's choice unless one is given."""

    def __init__(self, app: Any, port: int = 0, **options: Any) -> None:
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        plain = {"log_config": None, "access_log": False, "lifespan": "on", "timeout_graceful_shutdown": 3}
        config = uvicorn.Config(app, **plain | options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < until, "the server did not start in time"
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()


DEFINITIONS = """
plain:
  display_name: Plain
  categories: [other]
  auth_mode: API_KEY
  proxy:
    base_url: ${connectionConfig.base}
    headers:
      x-api-key: ${apiKey}
    verification:
      method: GET
      endpoints: [/who]
  connection_config:
    base:
      type: string
      title: Base
      description: Where it is.
      order: 1
  credentials:
    apiKey:
      type: string
      title: Key
      description: The key.
      secret: true
pair:
  display_name: Pair
  categories: [other]
  auth_mode: BASIC
  proxy:
    base_url: ${connectionConfig.base}
    verification:
      method: GET
      endpoints: [/who]
  connection_config:
    base:
      type: string
      title: Base
      description: Where it is.
  credentials:
    username:
      type: string
      title: User
      description: The user.
    password:
      type: string
      title: Password
      description: The password.
      secret: true
open:
  display_name: Open
  categories: [other]
  auth_mode: NONE
  proxy:
    base_url: https://api.example.com
"""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> dict[str, str]:
    """What the server is set to; a test may change it before it asks for `served`."""
    definitions = tmp_path / "definitions.yaml"
    definitions.write_text(DEFINITIONS, "utf-8")
    return {
        "CONNECTORS_HOME": str(tmp_path / "home"),
        "CONNECTORS_PROVIDERS": str(definitions),
        "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on",
        "DATABASE_URL": database_url,
    }


@pytest.fixture
def host(settings: dict[str, str]) -> Iterator[Host]:
    with Host.open(Settings.load(settings)) as host:
        yield host


@pytest.fixture
def served(host: Host) -> Iterator[Served]:
    app = App(host)
    with Running(app) as running:
        served = Served(host, app, running.url, host.environments.create("dev").key)
        with served.session:
            yield served


class Provider:
    """What stands for the provider: says who it was called as, and refuses the key `wrong`."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.calls.append({"method": scope["method"], "path": scope["path"], "headers": headers})
        refused = headers.get("x-api-key") == "wrong" or headers.get("authorization", "").endswith("Ondyb25n")
        body = json.dumps({"path": scope["path"]}).encode()
        start = {"type": "http.response.start", "status": 401 if refused else 200}
        await send({**start, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def provider() -> Iterator[tuple[str, Provider]]:
    """The address of a provider, and what it heard."""
    app = Provider()
    with Running(app) as running:
        yield running.url, app


@pytest.fixture
def connected(served: Served, provider: tuple[str, Provider]) -> Callable[..., Any]:
    """Connects an account of `plain` under the integration of that name."""

    def connect(id: str = "one", *, environment: str = "dev", **further: Any) -> Any:
        return served.host.connections.connect(
            environment,
            provider="plain",
            id=id,
            config={"base": provider[0]},
            credentials={"apiKey": "right"},
            **further,
        )

    return connect
