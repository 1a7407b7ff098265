"""The dashboard's pages before 10,000 connections and 1,000,000 records; the goal is 200 ms for each."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests
import uvicorn

from benchmarks.many import fill
from benchmarks.measure import Goal, Result, best
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.server.app import App

_CONNECTIONS, _RECORDS = 10_000, 1_000_000
_GOAL = 0.2  # seconds
_ONE = "/connections/paligo/customer-1"  # the one with half of all records
_PAGES = {
    "overview": "",
    "connections": "/connections",
    "connections, searched": "/connections?search=er-49",
    "connections with an error": "/connections?show=trouble",
    "integrations": "/integrations",
    "a connection": _ONE,
    "its models": f"{_ONE}/records",
    "records": f"{_ONE}/records/Document",
    "records, far behind": f"{_ONE}/records/Document?before=1000",
    "records by id": f"{_ONE}/records/Document?id=r4999",
    "deleted records": f"{_ONE}/records/Document?show=deleted",
    "syncs": "/syncs",
    "failing syncs": "/syncs?show=failing",
    "runs": "/runs",
    "failed runs": "/runs?state=failed",
    "webhooks": "/webhooks",
    "files": "/files",
    "audit log": "/audit",
    "environment": "/environment",
}


def run() -> Iterator[Result]:
    """Each page over HTTP, whole, from a server in this process."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        host = stack.enter_context(Host.open(Settings.load({"CONNECTORS_HOME": str(Path(folder) / "home")})))
        fill(host.store, connections=_CONNECTIONS, records=_RECORDS)
        key = host.environments.create("dev").key
        url = stack.enter_context(_serving(host))
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        said = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        session.post(f"{url}/sign-in", {"key": key}, headers=said, timeout=60)
        for name, path in _PAGES.items():
            yield _page(session, name, f"{url}/env/dev{path}")


def _page(session: requests.Session, name: str, url: str) -> Result:
    def read() -> None:
        answer = session.get(url, timeout=60, allow_redirects=False)
        assert answer.status_code == 200, answer.status_code

    (seconds,) = best(read, times=3, rounds=3)
    return Result(f"page: {name}", seconds, _GOAL, "200 ms", Goal(1.0, "an operator waits no longer for a page"))


@contextlib.contextmanager
def _serving(host: Host) -> Iterator[str]:
    with socket.socket(proto=socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(App(host), log_config=None, access_log=False, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join()
