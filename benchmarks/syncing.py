"""A thousand documents synced from the emulator, against requests making the same calls."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.measure import Result, Stopwatch
from connectors.engine.host import Host
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches

_DOCUMENTS = 1000
_PAGE = 100
_READERS = 4  # as many as the runner reads with at once
_ROUNDS = 3
_API = f"https://{INSTANCE}.paligoapp.com/api/v2"


def run() -> Iterator[Result]:
    """Over TLS through the emulator's proxy; seconds are those of one request."""
    ours, alone, together = Stopwatch(), Stopwatch(), Stopwatch()
    requested = 0
    with _emulator():
        for _ in range(_ROUNDS):
            requested = _synced(ours)
            assert _called(alone, 1) == requested
            assert _called(together, _READERS) == requested
    yield Result("sync a document", ours.best / requested, together.best / requested, "a Session in 4 threads")
    yield Result("sync a document, over one thread", ours.best / requested, alone.best / requested, "a Session")


def _synced(watch: Stopwatch) -> int:
    with tempfile.TemporaryDirectory() as home, Host.open(Settings.load({}, home=Path(home))) as host:
        host.connections.connect(
            "dev",
            provider="paligo",
            id="acme",
            config={"instance": INSTANCE, "username": USERNAME},
            credentials={"apiKey": API_KEY},
            metadata={"plan": "none"},
        )
        with watch:
            report = run_sync(host, "dev", "acme", "documents")
    assert (report.state, report.added) == ("success", _DOCUMENTS), report
    return report.requests


def _called(watch: Stopwatch, threads: int) -> int:
    """The same calls: page 1 of the search, the others, page 1 again, and every document. How many."""
    with requests.Session() as session, ThreadPoolExecutor(threads) as pool, watch:
        session.auth = (USERNAME, API_KEY)

        def searched(page: int) -> list[int]:
            body = {"resource": "documents", "page": page, "per_page": _PAGE}
            answer = session.post(f"{_API}/search/", json=body, timeout=60).json()
            return [item["id"] for item in answer["items"]]

        def read(number: int) -> str:
            return str(session.get(f"{_API}/documents/{number}", timeout=60).json()["name"])

        pages = [*range(1, _DOCUMENTS // _PAGE + 1), 1]
        found = dict.fromkeys(number for page in pages for number in searched(page))
        names = list(pool.map(read, found))
    return len(pages) + len(names)


@contextmanager
def _emulator() -> Iterator[None]:
    """The emulator in a process of its own, and this process's environment pointing at it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_emulate, args=(there,), daemon=True)
    process.start()
    there.close()  # so that a child that died ends the wait
    before = dict(os.environ)
    try:
        os.environ.update(here.recv())
        yield
    finally:
        here.close()
        process.join()
        os.environ.clear()
        os.environ.update(before)


def _emulate(pipe: multiprocessing.connection.Connection) -> None:
    account = Account.generate(documents=_DOCUMENTS, folders=6)
    with Emulator(account, Switches(plan="none")) as emulator:
        pipe.send(emulator.environment())
        pipe.poll(None)  # until the other end is closed
