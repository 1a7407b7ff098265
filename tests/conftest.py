"""For every test: this machine only, and nothing of the developer's own settings."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.postgres import Postgres

KEPT = ("CONNECTORS_REFERENCE_PROVIDERS", "CONNECTORS_ORACLE", "CONNECTORS_TEST_POSTGRES")  # inputs of tests
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_connect = socket.socket.connect

# A busy machine is no failure; a test that hangs is one by its time-out.
hypothesis.settings.register_profile("connectors", deadline=None)
hypothesis.settings.load_profile("connectors")


def _only_here(self: socket.socket, address: Any) -> Any:
    """Connect on this machine; beyond it there is no network, whatever the machine has."""
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
        raise OSError(errno.ENETUNREACH, f"a test went to the network: {address[0]}")
    return _connect(self, address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def _here_and_unset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Child processes inherit the clean environment, and a data folder that is not the developer's."""
    home: Path = tmp_path_factory.mktemp("connectors-home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if (name.startswith(("CONNECTORS_", "PALIGO_")) and name not in KEPT) or name.upper() in PROXIES:
                patch.delenv(name)
        patch.delenv("DATABASE_URL", raising=False)
        patch.setenv("CONNECTORS_HOME", str(home))
        patch.setattr(socket.socket, "connect", _only_here)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this machine; a test that needs it is skipped, with the reason, where there is none."""
    server = Postgres()
    try:
        if server.why_not is not None:
            pytest.skip(server.why_not)
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a database of this test's own."""
    url = postgres.fresh()
    yield url
    postgres.give_back(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """DATABASE_URL of this test: "" for the file in its data folder, then PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
