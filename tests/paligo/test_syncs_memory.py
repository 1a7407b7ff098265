"""Memory of the real runner and store with a large account: it grows with ids, not with what they stand for."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from contextlib import contextmanager

from connectors.engine.host import Host
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME
from connectors.paligo.paging import requests as listing

MANY, FEW = 5_000, 500
ROOM = 1_500_000  # bytes for 4,500 more ids in memory, some hundred each; the contents together are 4 MB
FOLDERS = {MANY: 40, FEW: 4}  # each with some 120 or 100 documents, as the root
# In a process of its own, so that only our side is measured: a line in sets switches, a line out has the counts.
ACCOUNT = """
import json, sys
from connectors.paligo.emulator import Account, Emulator, Switches
given = json.loads(sys.stdin.readline())
account = Account.generate(**given)
for fork in account.rows("forks"):  # a third less, which still is 2,800: each takes a request
    if (fork["depth"], fork["position"]) == (2, 2):
        del account.tables["forks"][fork["id"]]
with Emulator(account, Switches(plan="none", search_content=True)) as emulator:
    rows = {name: len(account.rows(name)) for name in ("documents", "folders", "forks", "taxonomies")}
    print(json.dumps({"environment": emulator.environment(), "rows": rows}), flush=True)
    for line in sys.stdin:
        emulator.change(**json.loads(line))
        print(flush=True)
"""


@contextmanager
def served(**content):
    """Rows of each table of such an account, what connects to it, and what sets its switches."""
    with subprocess.Popen([sys.executable, "-c", ACCOUNT], stdin=-1, stdout=-1, text=True) as process:

        def ask(given):
            process.stdin.write(json.dumps(given) + "\n")
            process.stdin.flush()
            return process.stdout.readline()

        try:
            said = json.loads(ask(content))
            yield said["rows"], said["environment"], lambda **switches: ask(switches)
        finally:
            process.stdin.close()


def measured(host, name):
    """Requests and peak of memory of a run."""
    tracemalloc.start()
    try:
        report = run_sync(host, "dev", "acme", name)
        assert (report.state, report.rejected, report.skipped) == ("success", 0, 0), name
        return report.requests, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def runs(documents, home, monkeypatch):
    """Requests as they ought to be, as they were, and the peak, of each run."""
    parts = {"folders": FOLDERS[documents], "publications": documents // 25, "taxonomies": documents // 5}
    with served(documents=documents, **parts) as (rows, environment, change):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with Host.open(Settings.load({}, home=home)) as host:
            config, credentials = {"instance": INSTANCE, "username": USERNAME}, {"apiKey": API_KEY}
            host.connections.connect(
                "dev", provider="paligo", id="acme", config=config, credentials=credentials, metadata={"plan": "none"}
            )
            yield "documents", listing(rows["documents"]), *measured(host, "documents")
            yield "taxonomies", listing(rows["taxonomies"]), *measured(host, "taxonomies")
            yield "folders", listing(1) + rows["folders"], *measured(host, "folders")
            change(search=404)
            yield "forks, walked", 1 + parts["publications"] + rows["forks"], *measured(host, "forks")
            folders = rows["folders"]
            lists = (folders + 1) * listing(rows["documents"] // (folders + 1))  # a folder has as many as another
            yield "documents, walked", 1 + listing(1) + folders + lists, *measured(host, "documents")


def test_ids_are_all_that_a_larger_account_takes_in_memory(tmp_path, monkeypatch):
    few = {name: peak for name, _, _, peak in runs(FEW, tmp_path / "few", monkeypatch)}
    for name, expected, sent, peak in runs(MANY, tmp_path / "many", monkeypatch):
        assert sent == expected, name
        assert peak < few[name] + ROOM, name
