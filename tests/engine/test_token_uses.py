"""Whatever calls a provider uses credentials that are renewed in time: syncs, actions, checks, the command."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from connectors.authoring import Call, Item, Run, action, sync
from connectors.engine.host import Host
from connectors.engine.invoke import invoke
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.registry import Connector, Found, Registry
from connectors.testing import FakeClock
from tests.authorization_server import AuthorizationServer, definitions
from tests.authorization_server.accounts import SEALING_KEY, connected

ANY = {"type": "object"}


@pytest.fixture
def host(tmp_path: Path, database_url: str, server: AuthorizationServer, clock: FakeClock) -> Iterator[Host]:
    @sync("Thing", every="1h", deletes="absent")
    def things(run: Run) -> Iterable[Item]:
        """Takes two hours between two calls."""
        for number in range(2):
            yield {"id": f"t{number}", "status": run.get("/me").status}
            clock.advance(2 * 3600)
            run.log.info("used %s", server.called[-1])

    @action("ask")
    def ask(call: Call, given: Mapping) -> Mapping:
        """Takes two hours between two calls."""
        first = call.get("/me").status
        clock.advance(2 * 3600)
        return {"statuses": [first, call.get("/me").status]}

    schemas = tmp_path / "schemas" / "machine"
    (schemas / "actions").mkdir(parents=True)
    thing = {**ANY, "required": ["id"], "properties": {"id": {"type": "string"}}}
    (schemas / "Thing.json").write_text(json.dumps(thing))
    for part in ("input", "output"):
        (schemas / "actions" / f"ask.{part}.json").write_text(json.dumps(ANY))
    (tmp_path / "providers.yaml").write_text(definitions(server.url))
    found = Found("machine", Connector(functions=(things, ask)), tmp_path / "providers.yaml", schemas.parent)
    registry = Registry([found])
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "true", "DATABASE_URL": database_url}
    settings = Settings.load(given, home=tmp_path / "home")
    store = Store(settings.database)
    with Host(settings, store, Vault([SEALING_KEY]), registry, registry.catalog(), clock) as opened:
        connected(opened, "machine")
        yield opened


def test_a_sync_that_outlives_its_token_goes_on_with_another(
    host: Host, server: AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "connectors.sync"):
        report = run_sync(host, "dev", "acme", "things", RunOptions())
    assert (report.state, report.error) == ("success", None)
    assert len(server.asked) == 2
    assert "used Bearer [secret]" in caplog.text
    assert not [value for value in server.called if value.removeprefix("Bearer ") in caplog.text]


def test_an_action_that_outlives_its_token_goes_on_with_another(host: Host, server: AuthorizationServer) -> None:
    assert invoke(host, "dev", "acme", "ask", {}).output == {"statuses": [200, 200]}
    assert len(server.asked) == 2


def test_a_run_whose_token_cannot_be_renewed_ends_and_says_so(host: Host, server: AuthorizationServer) -> None:
    server.refuses = (400, {"error": "invalid_grant"})
    report = run_sync(host, "dev", "acme", "things", RunOptions())
    assert report.state == "failed"
    assert report.error is not None
    assert report.error["code"] == "token_refused"
