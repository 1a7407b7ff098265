"""A sync that is killed at any instant goes on where it stopped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from connectors import AlreadyRunning

KILLS = 20
CHILD = """
import sys
from pathlib import Path
from connectors.engine.host import Host
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
with Host.open(Settings.load({}, home=Path(sys.argv[1]))) as host:
    report = run_sync(host, "dev", "acme", "documents")
print(report.to_dict())
sys.exit(report.state != "success")
"""


def start(acme):
    environment = {**os.environ, **acme.emulator.environment()}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(acme.home)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_requests(acme, child, count):
    deadline = time.monotonic() + 60
    while len(acme.emulator.log) < count and child.poll() is None:
        assert time.monotonic() < deadline, "the child does not get on"
        time.sleep(0.001)


def edit(acme, chance, count):
    for document in chance.sample(acme.emulator.truth("documents"), count):
        acme.emulator.account.edit_document(document["id"], name=f"Edited {chance.random()}")


def test_killed_twenty_times_a_sync_ends_equal_to_the_account_and_reads_nothing_committed_again(open_acme):
    acme = open_acme(documents=80)
    acme.sync()
    for number in range(420):
        acme.emulator.account.add_document(f"Added {number}", content=f"<section>{number}</section>")
    gone = [document["id"] for document in acme.emulator.truth("documents")[:8]]
    for id_ in gone:
        acme.emulator.account.delete_document(id_)
    chance = random.Random(7)
    killed = 0
    while killed < KILLS:
        committed = {id_: record["name"] for id_, record in acme.records().items()}
        acme.emulator.reset_log()
        child = start(acme)
        # Some kills before the first request, most in the middle, and some a moment after a request.
        wait_for_requests(acme, child, chance.choice((0, 1, 7, 20, 90, 115, 150)))
        time.sleep(chance.random() * 0.02)
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            killed += 1
        else:
            edit(acme, chance, 200)
        child.communicate()
        truth = acme.truth()
        fresh = {id_ for id_, name in committed.items() if truth.get(id_, {}).get("name") == name}
        assert not fresh & set(acme.reads()), "a committed document was read again"
    child = start(acme)
    output, _ = child.communicate(timeout=120)
    assert child.returncode == 0, output
    assert acme.records() == acme.truth()
    states = [run["state"] for run in acme.host.store.runs.list("dev", limit=100)]
    assert states[0] == "success"
    assert states.count("running") == 0
    assert set(states[1:]) <= {"interrupted", "success"}


def test_a_second_run_of_the_same_sync_is_refused_while_the_first_goes_on(open_acme):
    acme = open_acme(documents=30)
    acme.emulator.fault("hang", path_prefix="/api/v2/search", seconds=60.0, times=1)
    child = start(acme)
    try:
        deadline = time.monotonic() + 30
        while not acme.host.store.runs.list("dev"):
            assert time.monotonic() < deadline, "the first run does not begin"
            time.sleep(0.01)
        with pytest.raises(AlreadyRunning, match="run 1"):
            acme.sync()
    finally:
        child.kill()
        child.communicate()
    report = acme.sync()
    assert (report.state, report.notes) == ("success", ["run 1 was interrupted; this run went on where it stopped"])
