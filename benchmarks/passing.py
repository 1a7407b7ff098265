"""What is compared in `proxying`: our server, and a bare pass-through, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
_DEFINITION = """
paligo:
    display_name: Bench
    auth_mode: API_KEY
    docs: https://bench.example
    proxy:
        base_url: {url}
        headers:
            x-api-key: ${{apiKey}}
    credentials:
        apiKey: {{type: string, title: API key, secret: true}}
"""


@dataclass(frozen=True)
class Passing:
    """A server that passes calls on."""

    url: str
    key: str  # the secret key of our server; "" for the bare one
    cpu: Callable[[], float]  # seconds of processor time that its process has taken


@contextmanager
def passing(app: Callable[[str, int], tuple[Any, str]], upstream: str, records: int = 0) -> Iterator[Passing]:
    """Serve what `app(upstream, records)` makes, an ASGI application and its key, as long as the context."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, app, upstream, records), daemon=True)
    process.start()
    there.close()
    port, key = here.recv()

    def cpu() -> float:
        here.send("cpu")
        return float(here.recv())

    try:
        yield Passing(f"http://127.0.0.1:{port}", key, cpu)
    finally:
        process.terminate()
        process.join()


def ours(upstream: str, records: int) -> tuple[Any, str]:
    """Our server over a store in a temporary folder, with one connection and its records."""
    from benchmarks.sample import documents
    from connectors.authoring import Record, Run, sync
    from connectors.data import root
    from connectors.engine.host import Host
    from connectors.engine.runs import run_sync
    from connectors.engine.settings import Settings
    from connectors.engine.store import Store
    from connectors.engine.vault import Vault
    from connectors.registry import Connector, Found, Registry
    from connectors.runtime.clock import SystemClock
    from connectors.server.app import App

    listed = documents(records)

    @sync("Document", every="1h", name="documents")
    def all_documents(run: Run) -> Iterator[Record]:
        """The whole list."""
        del run
        return (Record(document, version=document["modified_at"]) for document in listed)

    folder = Path(tempfile.mkdtemp(prefix="connectors-bench-"))
    definitions = folder / "providers.yaml"
    definitions.write_text(_DEFINITION.format(url=upstream))
    registry = Registry([Found("paligo", Connector(functions=(all_documents,)), definitions, root() / "schemas")])
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", "CONNECTORS_RATE_LIMIT": "1000000"}
    settings = Settings.load(given, home=folder / "home")
    settings.make_home()
    vault, store = Vault([b"k" * 32]), Store(settings.database)
    host = Host(settings, store, vault, registry, registry.catalog(), SystemClock())
    key = host.environments.create("dev").key
    host.connections.connect("dev", provider="paligo", id="acme", config={}, credentials={"apiKey": KEY}, verify=False)
    if records:
        assert run_sync(host, "dev", "acme", "documents").state == "success"
    return App(host), key


def bare(upstream: str, records: int) -> tuple[Any, str]:
    """The least that passes a call on: Starlette, a thread, a pooled session."""
    del records
    import requests
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    session = requests.Session()
    session.trust_env = False

    def on(request: Request) -> Response:
        url = f"{upstream}/{request.path_params['path']}?{request.url.query}"
        answer = session.get(url, headers={"x-api-key": KEY}, timeout=60)
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    return Starlette(routes=[Route("/proxy/{path:path}", on)]), ""


def _serve(
    pipe: multiprocessing.connection.Connection,
    app: Callable[[str, int], tuple[Any, str]],
    upstream: str,
    records: int,
) -> None:
    import threading

    import uvicorn

    made, key = app(upstream, records)
    listening = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sends small answers at once only if it is told
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(made, log_config=None, access_log=False, timeout_keep_alive=300))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    pipe.send((listening.getsockname()[1], key))
    while pipe.recv() == "cpu":
        pipe.send(time.process_time())
