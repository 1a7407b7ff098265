import io
import json
import re

import pytest
from rich.console import Console

from connectors.cli.drawing import Drawn
from connectors.cli.progress import Lines
from connectors.engine.host import Host
from connectors.engine.leases import lease
from connectors.engine.settings import Settings
from connectors.engine.store.batch import Counts
from connectors.errors import StoreBusy
from connectors.runtime.ports import Limit, Waiting
from connectors.testing import instant

SYNC = ("sync", "documents", "--connection", "acme")


def report(run, *options, code=0):
    return json.loads(run(*SYNC, "--json", *options, code=code).stdout)


def ids(emulator):
    return [row["id"] for row in emulator.truth("documents")]


def test_a_sync_says_what_it_did(run, connected):
    result = run(*SYNC)
    assert "documents of acme: done, run 1" in result.stdout
    assert "24 added, 0 updated, 0 deleted, 0 unchanged" in result.stdout
    assert f"{len(connected.log)} requests in" in result.stdout
    assert "connectors records Document --connection acme" in result.stdout


def test_progress_goes_to_standard_error(run, connected):
    result = run(*SYNC, "--json")
    assert "24 added" in result.stderr
    assert json.loads(result.stdout)["state"] == "success"


def test_without_a_name_the_syncs_are_listed(run, connected):
    result = run("sync", "--connection", "acme", code=2)
    assert "paligo has: documents" in result.stderr


def test_an_unknown_sync_is_bad_input(run, connected):
    assert "error [unknown_function]" in run("sync", "pictures", "--connection", "acme", code=2).stderr


def test_an_unknown_connection_is_bad_input(run):
    assert "error [unknown_connection]" in run(*SYNC, code=2).stderr


def test_a_dry_run_writes_nothing_and_tells_what_would_happen(run, connected):
    run(*SYNC)
    connected.account.edit_document(ids(connected)[5], name="New")
    for number in ids(connected)[-2:]:
        connected.account.delete_document(number)
    dry = report(run, "--dry-run")
    assert (dry["id"], dry["updated"], dry["would_delete"]) == (None, 1, 2)
    assert "would delete: 2 deletions" in run(*SYNC, "--dry-run").stdout
    assert len(json.loads(run("runs", "--json").stdout)) == 1
    assert (report(run)["updated"], report(run)["deleted"]) == (1, 0)


def test_an_interrupted_dry_run_says_that_nothing_was_saved(run, connected, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("connectors.engine.runner.Runner._consume", stop)
    shown = run(*SYNC, "--dry-run", code=130).stdout
    assert "nothing was saved" in shown
    assert "is saved" not in shown


def test_a_limit_stops_and_deletes_nothing(run, connected):
    limited = report(run, "--limit", "5")
    assert (limited["state"], limited["added"]) == ("limited", 5)


def test_full_reads_everything_again(run, connected):
    run(*SYNC)
    connected.reset_log()
    assert report(run, "--full")["unchanged"] == 24
    assert connected.count(path_prefix="/api/v2/documents/", method="GET") == 24


def test_deletions_that_need_a_yes_end_with_3_until_it_comes(run, connected):
    run(*SYNC)
    for number in ids(connected)[:20]:
        connected.account.delete_document(number)
    held = report(run, code=3)
    assert (held["state"], held["deleted"]) == ("needs_confirmation", 0)
    again = run(*SYNC, code=3).stdout
    newest = json.loads(run("runs", "--json", "--limit", "1").stdout)[0]["id"]
    assert f"--confirm-deletes {newest}" in again
    shown = run("runs").stdout.splitlines()
    assert "20 deletions held back until a yes" in shown[1]
    assert "a later run took over the question" in shown[2]
    assert report(run, "--confirm-deletes", str(newest))["deleted"] == held["would_delete"]
    assert "error [nothing_to_confirm]" in run(*SYNC, "--confirm-deletes", str(newest), code=2).stderr


def test_a_dry_run_says_that_a_run_would_need_a_yes_and_ends_well(run, connected):
    run(*SYNC)
    for number in ids(connected)[:20]:
        connected.account.delete_document(number)
    shown = run(*SYNC, "--dry-run").stdout
    assert "would delete: " in shown
    assert "needs a yes" in shown
    assert "None" not in shown


def test_a_yes_is_for_the_named_sync_and_connection_only(run, connected):
    run(*SYNC)
    other = ("sync", "documents", "--connection", "other", "--confirm-deletes", "1")
    assert "not of documents of other" in run(*other, code=2).stderr
    assert "error [unknown_run]" in run(*SYNC, "--confirm-deletes", "99", code=2).stderr


def test_a_yes_goes_alone(run, connected):
    run(*SYNC, "--confirm-deletes", "1", "--dry-run", code=2)


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 4)])
def test_a_run_that_the_provider_refuses_ends_with_4(run, connected, status, code):
    connected.change(non_admin=status)
    result = run(*SYNC, code=code)
    assert "documents of acme: failed, run 1" in result.stdout
    assert "error [" in result.stderr


def test_a_variant_is_kept_apart(run, connected):
    assert report(run, "--variant", "draft")["added"] == 24
    assert "--variant draft" in run(*SYNC, "--variant", "draft").stdout
    assert run("records", "Document", "--connection", "acme", "--json").stdout == ""
    assert (
        len(run("records", "Document", "--connection", "acme", "--json", "--variant", "draft").stdout.split("\n")) == 25
    )


def test_a_sync_that_is_running_ends_the_other_one_with_5(run, connected, home):
    run(*SYNC)
    with Host.open(Settings.load(home=home)) as host:
        key = host.connections.get("dev", "acme").key
        with lease(host.store, "dev", key, "documents", "base"):
            assert "error [already_running]" in run(*SYNC, code=5).stderr


def test_a_run_whose_process_died_is_shown_as_interrupted(run, connected, home):
    run(*SYNC)
    with Host.open(Settings.load(home=home)) as host:
        key = host.connections.get("dev", "acme").key
        names = ("dev", key, "documents", "Document", "base")
        host.store.passes.begin(*names, trigger="command", owner="gone:1", full=False, now=1e9)
        with lease(host.store, "dev", key, "documents", "base"):
            assert json.loads(run("runs", "--json").stdout)[0]["state"] == "running"
    assert json.loads(run("runs", "--json").stdout)[0]["state"] == "interrupted"
    assert json.loads(run("syncs", "--json").stdout)[0]["last_run"] == "interrupted"
    assert "its process died" in run("runs").stdout


def test_rejected_and_skipped_records_show_in_the_history(run, connected):
    connected.fault("status", "GET", f"/api/v2/documents/{ids(connected)[5]}", None, status=500)
    with instant():
        run(*SYNC)
    assert "1 skipped" in run("runs").stdout


def test_a_busy_database_ends_with_5(run, connected, monkeypatch):
    def busy(*_, **__):
        raise StoreBusy

    monkeypatch.setattr("connectors.engine.runs.run_sync", busy)
    assert json.loads(run(*SYNC, "--json", code=5).stdout)["error"]["code"] == "store_busy"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_plain_progress_is_one_line_in_five_seconds_with_first_and_last():
    clock, written = Clock(), []
    lines = Lines("documents", written.append, clock)
    for number in range(100):
        clock.now = 100.0 + number / 10
        lines.update(Counts(added=number), done=number, of=100, requests=number)
    lines.end()
    assert [int(re.search(r"(\d+) added", line)[1]) for line in written] == [0, 50, 99]


def test_a_long_wait_is_told_at_once_and_once_however_many_threads_wait():
    clock, written = Clock(), []
    lines = Lines("documents", written.append, clock)
    lines.update(Counts(added=1), done=5, of=9, requests=1)
    clock.now += 0.1
    for late in (0.0, 0.1, 0.2):
        lines.waiting(Waiting(43 - late, "budget", Limit(50, 60)))
    clock.now += 43
    lines.waiting(Waiting(20, "budget", Limit(50, 60)))
    assert [line.partition("waiting ")[2][:4] for line in written] == ["", "43 s", "20 s"]
    assert "5 of 9 listed" in written[0]


def test_nothing_is_told_after_a_stop():
    clock, written = Clock(), []
    lines = Lines("documents", written.append, clock)
    lines.update(Counts(), done=1, of=9, requests=1)
    lines.update(Counts(added=1), done=2, of=9, requests=2)
    lines.quiet()
    lines.waiting(Waiting(43, "budget"))
    lines.end()
    assert len(written) == 1


def test_a_drawing_keeps_counts_while_it_waits_counts_down_and_tells_the_time_left():
    clock, out = Clock(), io.StringIO()
    drawn = Drawn("documents of acme", Console(file=out, force_terminal=True, width=80), clock)
    clock.now += 2
    drawn.update(Counts(added=50), done=100, of=100, requests=51)
    drawn.waiting(Waiting(58, "budget", Limit(50, 60)))
    clock.now += 10
    drawn.update(Counts(added=50), done=100, of=100, requests=51)
    drawn.stop()
    last = out.getvalue().split("documents of acme")[-1]
    assert "1 min 48 s left" in last
    assert "50 added, 0 updated, 0 deleted, 0 unchanged; 51 requests" in last
    assert "waiting 48 s for the rate budget" in last


def test_plain_progress_says_what_it_waits_for():
    written = []
    lines = Lines("documents", written.append, Clock())
    lines.waiting(Waiting(0.2, "retry"))
    lines.waiting(Waiting(43, "budget", Limit(50, 60, assumed=True)))
    assert written == ["documents: waiting 43 s for the rate budget (50 calls in 60 s, assumed)"]


def test_a_dry_run_shows_the_first_records_it_would_write(run, connected):
    shown = run("sync", "documents", "--connection", "acme", "--dry-run").stdout
    first = connected.truth("documents")[0]
    assert f"would add: {first['id']}  {first['name']}" in shown
    assert "and 14 more" in shown
    report = json.loads(run("sync", "documents", "--connection", "acme", "--dry-run", "--json").stdout)
    assert [record["id"] for record in report["preview"]] == [str(row["id"]) for row in connected.truth("documents")]
