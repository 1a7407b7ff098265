"""Several processes, and threads, that share a store and find the same credentials due: one of them renews."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.engine.host import Host
from connectors.engine.store.connections import StoredConnection
from connectors.errors import RefreshWaits
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.accounts import consented, open_host
from tests.authorization_server.server import Hold

CALLER = """
import sys
from pathlib import Path
from tests.authorization_server.accounts import open_host

with open_host(Path(sys.argv[1])) as host, host.client(host.connections.get("dev", "acme")) as client:
    print("ready", flush=True)
    sys.stdin.readline()
    print(client.get("/me").status, flush=True)
"""
ROOT = Path(__file__).parents[2]


class Caller:
    """Another process; it makes one call when it is told to."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", CALLER, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._line() == "ready"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def status(self) -> str:
        return self._line()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, server: AuthorizationServer, database_url: str) -> Path:
    (tmp_path / "providers.yaml").write_text(definitions(server.url))
    if database_url:
        (tmp_path / "home").mkdir(mode=0o700)
        (tmp_path / "home" / ".env").write_text(f"DATABASE_URL={database_url}\n")
    return tmp_path


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    with open_host(folder) as opened:
        yield opened


@pytest.fixture
def acme(folder: Path, server: AuthorizationServer) -> StoredConnection:
    """An account whose access token has expired; its refresh token is good once."""
    with open_host(folder, FakeClock(time.time() - 2 * server.grants.lifetime)) as earlier:
        stored = consented(earlier, "consenting")
    server.asked.clear()
    return stored


@pytest.fixture
def callers(folder: Path, acme: StoredConnection) -> Iterator[list[Caller]]:
    started = [Caller(folder) for _ in range(3)]
    yield started
    for caller in started:
        caller.kill()


def test_of_processes_that_renew_at_once_one_call_goes_out(server: AuthorizationServer, callers: list[Caller]) -> None:
    server.hold = hold = Hold()
    callers[0].go()
    assert hold.arrived.wait(60)
    for caller in callers[1:]:
        caller.go()
    time.sleep(0.3)  # so that they surely meet; without it they may not, and the test still holds
    hold.release()
    assert [caller.status() for caller in callers] == ["200"] * 3
    assert server.asked == ["refresh_token"]
    assert len(server.called) == 3
    assert len(set(server.called)) == 1
    assert server.grants.reused == []


def test_a_killed_process_leaves_nobody_waiting(server: AuthorizationServer, callers: list[Caller], host: Host) -> None:
    server.hold = hold = Hold()
    callers[0].go()
    assert hold.arrived.wait(60)
    callers[1].go()
    callers[0].kill()
    hold.drop()  # the request never reached the tokens
    assert callers[1].status() == "200"
    assert server.asked == ["refresh_token"] * 2
    assert host.connections.get("dev", "acme").error is None


def test_of_threads_that_renew_at_once_one_call_goes_out(
    server: AuthorizationServer, host: Host, acme: StoredConnection
) -> None:
    together = threading.Barrier(8)

    def call(_: int) -> int:
        with host.client(acme) as client:
            together.wait(60)
            return client.get("/me").status

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(call, range(8))) == [200] * 8
    assert server.asked == ["refresh_token"]
    assert len(set(server.called)) == 1


def test_a_wait_for_another_renewal_ends(
    server: AuthorizationServer, host: Host, callers: list[Caller], acme: StoredConnection, monkeypatch
) -> None:
    monkeypatch.setattr("connectors.engine.tokens.LONGEST_WAIT", 0.05)
    server.hold = hold = Hold()
    callers[0].go()
    assert hold.arrived.wait(60)
    with host.client(acme) as client, pytest.raises(RefreshWaits) as waits:
        client.get("/me")
    assert waits.value.retry_after == 1
    hold.release()
    assert callers[0].status() == "200"
    assert server.asked == ["refresh_token"]
