"""1,000 syncs that are due at once, drained by threads of one process and by two workers; and what waiting costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Result
from connectors.engine.due import Worker
from connectors.engine.execution.work import Work
from connectors.engine.host import Host
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from tests.postgres import Postgres

_DUE = 1000
_IDLE = 10.0  # seconds
_LOOPED = 100
_DEFINITION = """
shop: {display_name: Shop, auth_mode: NONE, docs: https://shop.example, proxy: {base_url: https://shop.example}}
"""
_CONNECTOR = '''
from connectors import Connector
from connectors.authoring import sync

@sync("Thing", every="1d")
def things(run):
    """One record."""
    yield {"id": "1"}

connector = Connector(functions=(things,))
'''
_AGAINST = "the same syncs run one after the other in a loop"


def run() -> Iterator[Result]:
    """On SQLite, then on PostgreSQL if this machine has one."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured(Path(folder), "", 0)
    server = Postgres()
    try:
        if server.why_not is None:
            with tempfile.TemporaryDirectory() as folder:
                yield from _measured(Path(folder), server.fresh(), 2)
    finally:
        server.stop()


def _measured(folder: Path, url: str, workers: int) -> Iterator[Result]:
    environment = _made(folder, url)
    with Host.open(Settings.load(environment)) as host:
        for number in range(_DUE):
            given = {"config": {}, "credentials": {}, "verify": False}
            host.connections.connect("dev", provider="shop", id=f"c{number}", **given)
        began = time.perf_counter()
        for number in range(_LOOPED):
            run_sync(host, "dev", f"c{number}", "things", RunOptions())
        floor = (time.perf_counter() - began) / _LOOPED
        host.schedules.trigger("dev", "shop")  # what is only due by the clock is spread over a minute at a start
        kind = f"{workers} workers on PostgreSQL" if workers else "threads on SQLite"
        before = _ended(host)
        command = [sys.executable, "-m", "connectors", "worker"]
        started = [
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        here = None if workers else Work(host)
        try:
            if here is not None:
                here.start()
            while _ended(host) == before:
                time.sleep(0.01)
            began = time.perf_counter()
            while _ended(host) < before + _DUE:
                time.sleep(0.05)
            yield Result(f"a due sync, {kind}", (time.perf_counter() - began) / _DUE, floor, _AGAINST)
            cpu = _cpu(started)
            time.sleep(_IDLE)
            yield Result(f"waiting for a second, {kind}", (_cpu(started) - cpu) / _IDLE, 1.0, "one core, busy")
        finally:
            if here is not None:
                here.stop()
            for worker in started:
                worker.terminate()
                worker.wait()
        assert not Worker(host).take(), "every schedule was run"


def _made(folder: Path, url: str) -> dict[str, str]:
    package = folder / "shop"
    (package / "schemas" / "shop").mkdir(parents=True)
    (package / "schemas" / "shop" / "Thing.json").write_text("{}")
    (package / "providers.yaml").write_text(_DEFINITION)
    (package / "__init__.py").write_text(_CONNECTOR)
    ours = {"CONNECTORS_HOME": str(folder / "home"), "CONNECTORS_PATH": str(package), "DATABASE_URL": url}
    return {**os.environ, **ours}


def _ended(host: Host) -> int:
    found = host.store.database.connection.execute("SELECT count(*) FROM runs WHERE state = 'success'").fetchone()
    return int(found[0])


def _cpu(processes: list[subprocess.Popen[bytes]]) -> float:
    """Seconds of processor time that these, or without any this process, have used."""
    if not processes:
        return time.process_time()
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
