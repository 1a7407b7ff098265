"""What /openapi.json promises holds: schemathesis makes requests of it, sound and broken ones, and judges the answers.

Each is sent twice: as it was made, and with the ids of what is really there, so that it gets past the first 404.
Thoroughly on SQLite, and a little on PostgreSQL, for the routes are the same; `FUZZ_EXAMPLES=100` asks for as many of
each operation on both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.server.app import App
from connectors.server.contract import Who
from connectors.server.openapi import document
from connectors.server.routes import endpoints
from tests.server.conftest import DEFINITIONS, Provider, Running, Served

load_all_checks()
NOT_CHECKED = {
    # A well-formed id that leads nowhere is a 400 in many places, as the clients expect.
    "positive_data_acceptance",
    # `surely_foreseen` below is stricter: it knows which 5xx are the provider's.
    "not_a_server_error",
    # These need one call's answer in the next; test_connections_routes.py and test_tenants.py beside this do that.
    "use_after_free",
    "ensure_resource_availability",
    "object_level_authorization",
}
CHECKED = [each for each in CHECKS.get_all() if each.__name__ not in NOT_CHECKED]
GIVEN = os.environ.get("FUZZ_EXAMPLES")
THOROUGHLY, A_LITTLE = int(GIVEN or 5), int(GIVEN or 1)  # examples of each operation
CONNECTION, INTEGRATION = "one", "plain"
REAL = {
    **dict.fromkeys(("connection_id", "connectionid"), CONNECTION),
    **dict.fromkeys(("provider_config_key", "integration_id", "key", "integration", "provider"), INTEGRATION),
}
WHO = {(each.method, each.path.replace(":path", "")): each.who for each in endpoints()}
LogIn = Callable[[Any], dict[str, Any]]
schema = schemathesis.openapi.from_dict(
    document(endpoints(), server="http://127.0.0.1"),
    config=SchemathesisConfig.from_dict({"generation": {"deterministic": True}}),
)


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A server for all operations on the store that the test names, and its provider's address."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "definitions.yaml").write_text(DEFINITIONS, "utf-8")
    given = {
        "CONNECTORS_PROVIDERS": str(folder / "definitions.yaml"),
        "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on",
        "DATABASE_URL": "" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh(),
    }
    with Running(Provider()) as provider, Host.open(Settings.load(given, home=folder / "home")) as host:
        app = App(host)
        with Running(app) as running, requests.Session() as session:
            yield Served(host, app, running.url, host.environments.create("dev").key, session), provider.url


@pytest.fixture
def log_in(world: tuple[Served, str]) -> LogIn:
    """How each operation's caller shows who he is; account `one` of `plain` is there, whatever was done before."""
    served, base = world
    served.host.connections.connect(
        "dev", provider=INTEGRATION, id=CONNECTION, config={"base": base}, credentials={"apiKey": "right"}
    )
    token = served.post("/connect/sessions", {"tags": {}}).json()["data"]["token"]

    def shown(case: Any) -> dict[str, Any]:
        who = WHO.get((case.method, case.path)) or next(who for (_, path), who in WHO.items() if path == case.path)
        if who is Who.FRONTEND:
            return {"params": {"connect_session_token": token}}
        return {"headers": {"Authorization": f"Bearer {token if who is Who.SESSION else served.key}"}}

    return shown


def aim(parts: Any) -> None:
    """Put real ids where a request names something."""
    if not isinstance(parts, MutableMapping):
        return
    for name in list(parts):
        real = REAL.get(str(name).lower().replace("-", "_"))
        if real is not None:
            parts[name] = [real] if isinstance(parts[name], list) else real


def surely_foreseen(answer: Any) -> None:
    """A 5xx comes only where the provider, or the way to it, failed; never from this server's own mistake."""
    if answer.status_code < 500:
        return
    code = answer.json().get("error", answer.json()).get("code")
    assert code != "server_error", f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"


def judge(case: Any, served: Served, log_in: LogIn) -> None:
    for aimed in (False, True):
        if aimed:
            for parts in (case.path_parameters, case.query, case.headers, case.body):
                aim(parts)
        answer = case.call(base_url=served.url, session=served.session, timeout=20, **log_in(case))
        surely_foreseen(answer)
        # A request that was broken on purpose may be sound once it is aimed, or once it is written: a
        # parameter that is an empty list or map has no written form.
        unwritten = any(value in ([], {}) for value in (case.query or {}).values())
        repaired = ("negative_data_rejection",) if aimed or unwritten else ()
        case.validate_response(answer, checks=[each for each in CHECKED if each.__name__ not in repaired])


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@examples(THOROUGHLY)
@schema.parametrize()
def test_every_answer_is_a_documented_one(case: Any, world: tuple[Served, str], log_in: LogIn) -> None:
    judge(case, world[0], log_in)


@pytest.mark.parametrize("world", ["postgres"], indirect=True)
@examples(A_LITTLE)
@schema.parametrize()
def test_so_it_is_on_postgresql(case: Any, world: tuple[Served, str], log_in: LogIn) -> None:
    judge(case, world[0], log_in)


def test_the_document_holds_every_endpoint_that_is_for_programs(served: Served) -> None:
    paths = served.get("/openapi.json").json()["paths"]
    missing = [
        each.name
        for each in endpoints()
        if not each.hidden and each.method.lower() not in {*paths.get(each.path.replace(":path", ""), ()), "*"}
    ]
    assert missing == []
