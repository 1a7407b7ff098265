"""A publish whose process is killed leaves its production to the next call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

PATH = "/api/v2/productions/"


def _wait_for_a_poll(actor, child):
    deadline = time.monotonic() + 60
    while not any(entry.method == "GET" and entry.path.startswith(PATH) for entry in list(actor.emulator.log)):
        assert time.monotonic() < deadline, "the child does not get on"
        assert child.poll() is None, child.communicate()[0]
        time.sleep(0.01)


def test_a_killed_publish_is_gone_on_with_and_not_started_again(actor):
    setting = actor.emulator.truth("publishsettings")[0]["id"]
    actor.emulator.change(job_end="never")
    actor.emulator.reset_log()
    command = ["action", "publish", "--connection", "acme", "--set", f"publishsetting={setting}"]
    child = subprocess.Popen(
        [sys.executable, "-m", "connectors", *command],
        env={**os.environ, **actor.emulator.environment(), "CONNECTORS_HOME": str(actor.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait_for_a_poll(actor, child)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    (production,) = actor.emulator.account.rows("productions")
    actor.emulator.change(job_end="done")
    output = actor.do("publish", publishsetting=setting)
    assert (output["resumed"], output["production"]["id"]) == (True, production["id"])
    assert len(actor.emulator.account.rows("productions")) == 1
    assert len(output["files"]) == 4
