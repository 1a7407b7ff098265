"""Processes of `connectors worker` on one PostgreSQL: killed, drained, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.due import Worker
from connectors.engine.host import Host
from connectors.engine.records import read_records
from connectors.engine.settings import Settings

RECORDS = 150
KILLS = 10
DUE = 1000
DEFINITION = """
shop:
  display_name: Shop
  auth_mode: NONE
  docs: https://shop.example
  proxy: {base_url: https://shop.example}
"""
# Each read takes its time and is noted with the process that did it, so a kill comes in the middle
# and two runs of one sync at once would show.
CONNECTOR = '''
import os, pathlib, time
from connectors import Connector
from connectors.authoring import sync

READS = pathlib.Path(__file__).parent / "reads"

@sync("Thing", every="1h", deletes="absent")
def things(run):
    """Slowly."""
    name = run.metadata["name"]

    def read(stub):
        with open(READS / name, "a") as log:
            log.write(f"{os.getpid()}\\n")
        time.sleep(run.metadata["pause"])
        return {**stub, "name": name}

    yield from run.refresh(({"id": f"t{n:04}"} for n in range(run.metadata["records"])), read, version=lambda stub: 1)

connector = Connector(functions=(things,))
'''


class Shop:
    """A data folder with a connector, and its workers."""

    def __init__(self, folder: Path, url: str) -> None:
        self.package = folder / "shop"
        (self.package / "schemas" / "shop").mkdir(parents=True)
        (self.package / "reads").mkdir()
        (self.package / "schemas" / "shop" / "Thing.json").write_text("{}")
        (self.package / "providers.yaml").write_text(DEFINITION)
        (self.package / "__init__.py").write_text(CONNECTOR)
        given = {"DATABASE_URL": url, "CONNECTORS_HEARTBEAT": "0.2", "CONNECTORS_TAKE_OVER": "1"}
        self.environment = {**os.environ, **given, "CONNECTORS_PATH": str(self.package)}
        self.environment["CONNECTORS_HOME"] = str(folder / "home")
        self.host = Host.open(Settings.load(self.environment))
        self.workers: list[subprocess.Popen[str]] = []
        self.log = (folder / "workers.log").open("a")

    def connect(self, id: str, **metadata: Any) -> None:
        given = {"config": {}, "credentials": {}, "metadata": {"name": id, **metadata}}
        self.host.connections.connect("dev", provider="shop", id=id, verify=False, **given)

    def work(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "connectors", "worker", "--at-most", "20"]
        started = subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=self.log, text=True)
        self.workers.append(started)
        return started

    def until(self, what: Any, *, at_most: float = 120.0) -> None:
        deadline = time.monotonic() + at_most
        while not what():
            assert time.monotonic() < deadline, Path(self.log.name).read_text()[-3000:]
            time.sleep(0.02)

    def runs(self) -> list[dict[str, Any]]:
        return self.host.store.runs.list("dev", limit=2000)

    def readers(self, id: str) -> list[int]:
        """The processes that read for a connection, one after the other."""
        file = self.package / "reads" / id
        lines = file.read_text().split() if file.exists() else []
        return [int(pid) for pid, _ in groupby(lines)]

    def stored(self, id: str) -> list[str]:
        return [record.id for record in read_records(self.host, "dev", id, "Thing")]

    def alive(self) -> set[int]:
        return {worker.pid for worker in self.workers if worker.poll() is None}

    def in_the_middle(self) -> list[int]:
        """The living processes whose run goes on and has read something."""
        going = [run for run in self.runs() if run["state"] == "running"]
        owners = {int(run["owner"].rpartition(":")[2]): run["connection"] for run in going}
        return sorted(pid for pid in self.alive() & owners.keys() if self.readers(owners[pid])[-1:] == [pid])

    def successes(self) -> int:
        found = self.host.store.database.connection.execute("SELECT count(*) FROM runs WHERE state = 'success'")
        return int(found.fetchone()[0])

    def ended(self, syncs: int) -> bool:
        """Whether every sync has succeeded and nothing runs."""
        runs = self.runs()
        succeeded = {run["connection"] for run in runs if run["state"] == "success"}
        return len(succeeded) == syncs and all(run["state"] != "running" for run in runs)

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        self.host.close()
        self.log.close()


@pytest.fixture
def shop(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    made = Shop(tmp_path, postgres_url)
    yield made
    made.close()


def test_runs_of_killed_workers_are_taken_over_and_no_sync_ever_runs_twice_at_once(shop: Shop) -> None:
    ids = ["a", "b"]
    for id_ in ids:
        shop.connect(id_, records=RECORDS, pause=0.04)
    for _ in range(2):
        shop.work()
    for kill in range(KILLS):
        shop.until(lambda: shop.in_the_middle() or shop.ended(len(ids)))
        if not shop.in_the_middle():  # all is read before the last kill: there has to be more to read
            ids.append(f"more{kill}")
            shop.connect(ids[-1], records=RECORDS, pause=0.04)
            shop.until(shop.in_the_middle)
        victim = shop.in_the_middle()[kill % 2 - 1]
        os.kill(victim, signal.SIGKILL)
        shop.until(lambda victim=victim: victim not in shop.alive())
        shop.work()
    shop.until(lambda: shop.ended(len(ids)))
    for id_ in ids:
        assert shop.stored(id_) == [f"t{n:04}" for n in range(RECORDS)]
        readers = shop.readers(id_)
        assert len(readers) == len(set(readers)), "two processes read for one sync by turns"
        runs = sorted((run for run in shop.runs() if run["connection"] == id_), key=lambda run: run["id"])
        assert {run["state"] for run in runs} <= {"success", "interrupted"}
        assert sum(run["added"] for run in runs) == RECORDS, "a record was lost or counted twice"
        assert all(one["ended_at"] <= next_["started_at"] for one, next_ in pairwise(runs))


def test_a_thousand_syncs_that_are_due_at_once_are_each_run_once_by_two_workers(shop: Shop) -> None:
    for number in range(DUE):
        shop.connect(f"c{number:04}", records=1, pause=0.0)
    workers = [shop.work(), shop.work()]
    shop.host.schedules.trigger("dev", "shop")  # what is only due by the clock is spread over a minute at a start
    shop.until(lambda: shop.successes() >= DUE, at_most=240.0)
    for worker in workers:
        worker.terminate()
        assert worker.wait(30) == 0
    runs = shop.runs()
    assert sorted(run["connection"] for run in runs) == [f"c{number:04}" for number in range(DUE)]
    assert len({run["owner"] for run in runs}) == 2
    assert not Worker(shop.host).take()


def test_a_worker_that_is_stopped_saves_its_runs_and_another_goes_on_with_them(shop: Shop) -> None:
    shop.connect("a", records=RECORDS, pause=0.06)
    first = shop.work()
    shop.until(lambda: len(shop.stored("a")) > 3)
    first.terminate()
    assert first.wait(30) == 0
    (run,) = shop.runs()
    assert run["state"] == "interrupted"
    kept = len(shop.stored("a"))
    assert 0 < kept < RECORDS
    shop.work()
    shop.until(lambda: shop.ended(1))
    assert len(shop.stored("a")) == RECORDS
    assert shop.runs()[0]["added"] <= RECORDS - kept
