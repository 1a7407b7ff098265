"""The reference runtime's own clients connect accounts at the running server."""

from __future__ import annotations

from tests.server.conftest import Provider, Served
from tests.server.node import run_client


def test_both_clients_connect_describe_find_and_delete_accounts(served: Served, provider: tuple[str, Provider]) -> None:
    assert run_client("connecting.mjs", served.url, served.key, provider[0]).strip() == "done"
