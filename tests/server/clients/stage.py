"""`connectors serve` as a process of its own, with two providers behind it: an emulated Paligo and a shop."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches
from tests.authorization_server.accounts import CLIENTS, SUBMITTED
from tests.authorization_server.definitions import definitions
from tests.authorization_server.server import AuthorizationServer
from tests.server.clients import provider
from tests.server.upstream import Upstream

HERE = Path(__file__).parent
JOURNEYS = ("modes", "connections", "proxying", "syncing", "reading", "acting", "hooks", "rules", "extras")
SUBMISSIONS = ("machine", "stepping", "signing")  # ways to a token without a person
DOCUMENTS = 130
_SECRET = ("client_secret", "password", "key")
_LONGEST = 40  # seconds until it serves


class Stage:
    """A running server, and what a script has to know of it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._closing = ExitStack()
        try:
            self._emulator = self._closing.enter_context(
                Emulator(Account.generate(documents=DOCUMENTS), Switches(plan="none"))
            )
            self._upstream = Upstream()
            self._closing.callback(self._upstream.close)
            self.accounts = {name: provider.Account(self._upstream, name) for name in JOURNEYS}
            self._authorization = self._closing.enter_context(AuthorizationServer())
            (folder / "oauth.yaml").write_text(definitions(self._authorization.url))
            self.hooks, port = _free_port(), _free_port()
            self.url = f"http://127.0.0.1:{port}"
            self._home = folder / "home"
            self._said = folder / "serve.txt"
            self.log = folder / "serve.log"
            self.process = self._start(port, self._environment(folder, database_url))
            self._closing.callback(self._stop)
            self.key = self._wait()
        except BaseException:
            self._closing.close()
            raise

    def told(self, journey: str) -> dict[str, Any]:
        """What the script of a journey is given."""
        truth = {name: sorted(str(row["id"]) for row in self._emulator.truth(name)) for name in ("documents", "forks")}
        return {
            "host": self.url,
            "secretKey": self.key,
            "base": f"{self._upstream.url}/{journey}",
            "hooks": self.hooks,
            "authorization": {"clients": CLIENTS, "submitted": {name: SUBMITTED[name] for name in SUBMISSIONS}},
            "paligo": {"instance": INSTANCE, "username": USERNAME, "apiKey": API_KEY, "truth": truth},
        }

    @property
    def secrets(self) -> list[str]:
        """What only its owner may read; the server has all of it."""
        submitted = [value for name in SUBMISSIONS for field, value in SUBMITTED[name].items() if field in _SECRET]
        return [
            self.key,
            API_KEY,
            *provider.KEYS,
            provider.PASSWORD,
            *(each["client_secret"] for each in CLIENTS.values()),
            *submitted,
        ]

    def kept(self) -> bytes:
        """All that the server has written down: its log and its database file, not what it says at its start."""
        files = [file for file in self._home.glob("connectors.db*") if file.is_file()]
        return b"".join(file.read_bytes() for file in (self.log, *files))

    def most_memory(self) -> int:
        """The most bytes that the server has held at one time."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def close(self) -> None:
        self._closing.close()

    def _environment(self, folder: Path, database_url: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH", "TMPDIR") if name in os.environ}
        here = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        database = {"DATABASE_URL": database_url} if database_url else {}
        return {
            **kept,
            **self._emulator.environment(),
            **here,
            **database,
            "CONNECTORS_HOME": str(self._home),
            "CONNECTORS_PATH": str(HERE / "shop"),
            "CONNECTORS_PROVIDERS": str(folder / "oauth.yaml"),
            "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on",
            "CONNECTORS_BASE_URL_OVERRIDE": "any",
            "CONNECTORS_WEBHOOK_URL": f"http://127.0.0.1:{self.hooks}/main",
        }

    def _start(self, port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "connectors", "serve", "--port", str(port)]
        with self._said.open("wb") as said, self.log.open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=said, stderr=log)

    def _wait(self) -> str:
        """The first secret key, once the server answers."""
        until = time.monotonic() + _LONGEST
        with requests.Session() as session:
            session.trust_env = False
            while self.process.poll() is None and time.monotonic() < until:
                try:
                    if session.get(f"{self.url}/ready", timeout=5).ok:
                        found = re.search(r"shown this once: (\S+)", self._said.read_text())
                        assert found is not None, self._said.read_text()
                        return found[1]
                except requests.ConnectionError:
                    pass
                time.sleep(0.1)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()}")

    def _stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
