"""Another environment's key sees nothing: every endpoint answers for what is another's as for what is not there.

The endpoints are enumerated from the declarations, so a new one is looked at without anybody's
thinking of it. Everything that can be named is really there: an integration, a connection with
records, a run that waits for confirmation, the result of an action, a file, an address for events.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from connectors.engine.connections import StoredConnection
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.errors import ConnectorError
from connectors.server.contract import Endpoint, Who
from connectors.server.routes import endpoints
from tests.server.data_world import SECRET, World
from tests.server.upstream import Reply

HERS, NOBODYS = "hers", "nobodys"
PLACE = re.compile(r"\{([a-z_]+)(:path)?\}")
MADE_UP = {"string": "x", "integer": 1, "boolean": True, "object": {}, "array": []}
# What may differ between two answers about nothing: when, and what was made for this very request.
VARYING = re.compile(r'"(created_at|updated_at|expires_at|token|connect_link|id)":"[^"]*"|req_[0-9a-f]+')
# Endpoints that name nothing of an environment.
NAMELESS = {
    "GET /health",
    "GET /ready",
    "GET /metrics",
    "GET /openapi.json",
    "GET /providers",
    "GET /providers/{provider}",
    "GET /providers/{provider}/templates",
    "GET /images/template-logos/{file}",
    "GET /environment-variables",
    "GET /connect/session",  # its token is its only name, as of the next two
    "DELETE /connect/session",
    "POST /connect/telemetry",
    "GET /oauth/callback",  # its state is
}
# Pages know no secret key: test_dashboard.py walks those for who signed in; the public ones know nobody.
NAMING = [each for each in endpoints() if each.name not in NAMELESS and not (each.page and each.who is not Who.SESSION)]


@dataclass(frozen=True)
class Names:
    """How somebody calls what he has."""

    who: str
    action_call: str
    file: str
    run: int
    secret: str  # of an address for events
    address: str  # the environment's

    @property
    def texts(self) -> list[str]:
        """All of it, the longest first."""
        return sorted((str(each) for each in vars(self).values() if each != self.run), key=len, reverse=True)


def nobodys(address: str) -> Names:
    return Names(NOBODYS, "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb", "b" * 40, 987_654, "b" * 43, address)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()
    made = World(tmp_path_factory.mktemp("tenants"), url)
    made.declare(lambda call, given: {"done": True}, name="act")
    made.upstream.on("GET /base/x", Reply.json({"ok": True}))
    made.start()
    yield made
    made.close()


@pytest.fixture
def hers(world: World) -> Names:
    return settled(world)


def settled(world: World) -> Names:
    """Give the environment `dev` whatever an endpoint can name."""
    host, integrations = world.host, world.host.integrations
    with suppress(ConnectorError):
        integrations.delete("dev", NOBODYS)
    with suppress(ConnectorError):
        integrations.create("dev", HERS, provider="desk")
    stored = host.connections.connect(
        "dev", provider="desk", id=HERS, integration=HERS, config={}, credentials={"apiKey": SECRET}, verify=False
    )
    world.fill(30)
    run = 0
    for things in (world.things, dict(list(world.things.items())[:3])):
        world.things = things
        report = run_sync(host, "dev", HERS, "things", RunOptions(), integration=HERS)
        run = report.id or 0
    assert report.state == "needs_confirmation"
    with suppress(ConnectorError):
        host.schedules.create_variant("dev", HERS, HERS, "things", "v")
    call = host.action_calls.add("dev", HERS, "act", {}, integration=HERS)
    host.action_calls.make_next()
    file = host.files.add("dev", stored.key, "a.txt", io.BytesIO(b"hers"))
    return Names(HERS, call, file.id, run, *address(world, stored))


def address(world: World, stored: StoredConnection) -> tuple[str, str]:
    made = world.host.incoming.address("dev", stored.id, stored.integration)
    return made.password, made.path.split("/")[2]


def of(names: Names, name: str, schema: Mapping[str, Any]) -> Any:
    """What a field of that name is given."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
    by_name = {
        **dict.fromkeys(("connection_id", "provider_config_key", "integration_id", "key", "integration"), names.who),
        "unique_key": names.who,
        "allowed_integrations": [names.who],
        "id": names.action_call,
        "file_id": names.file,
        "run": names.run,
        "secret": names.secret,
        "address": names.address,
        "model": "Thing",
        "action_name": "act",
        "syncs": ["things"],
        "sync_name": "things",
        "name": "things",
        "frequency": "every 2 hours",
        "provider": "desk",
        "path": "x",
    }
    if plain in by_name:
        value = by_name[plain]
        return [value] if schema.get("type") == "array" and not isinstance(value, list) else value
    return filled(names, schema)


def filled(names: Names, schema: Mapping[str, Any]) -> Any:
    """A value that fits a schema and names what is called so wherever something can be named."""
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return filled(names, schema[choice][0])
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = [name for name in properties if name in schema.get("required", ()) or name in OPTIONAL]
        return {name: of(names, name, properties[name]) for name in wanted}
    if kind == "array":
        return [filled(names, schema.get("items", {"type": "string"}))] if schema.get("minItems") else []
    return MADE_UP[kind]


OPTIONAL = (
    *("connection_id", "connectionId", "provider_config_key", "integrationId"),
    *("allowed_integrations", "syncs", "tags", "metadata"),
)


def send(world: World, endpoint: Endpoint, names: Names, key: str, token: str) -> requests.Response:
    """A request that names everything by these names, from whom the endpoint is for."""
    path = endpoint.path
    for name, _ in PLACE.findall(path):
        path = re.sub(rf"\{{{name}(:path)?\}}", str(of(names, name, endpoint.path_schema.get(name, {}))), path)
    query = {} if endpoint.any_query else filled(names, endpoint.query)
    headers = {name.title(): str(value) for name, value in filled(names, endpoint.headers or {}).items()}
    bearer = token if endpoint.who is Who.SESSION else key
    if endpoint.who is Who.FRONTEND:
        query = {name: value for name, value in query.items() if name not in OPTIONAL}
        query["connect_session_token"] = token
    auth = ("connectors", names.secret) if endpoint.who is Who.PUBLIC and "secret" not in endpoint.path else None
    headers |= {} if endpoint.who is Who.PUBLIC else {"Authorization": f"Bearer {bearer}"}
    body = filled(names, endpoint.body) if endpoint.body is not None else None
    method = "GET" if endpoint.method == "*" else endpoint.method
    return world.session.request(
        method, world.url + path, params=query, headers=headers, json=body, auth=auth, timeout=30, allow_redirects=False
    )


def shown(answer: requests.Response, names: Names) -> tuple[int, str]:
    """An answer without what may differ: how it was asked."""
    text = answer.text.replace(f"run {names.run} ", "run NAME ")
    for each in names.texts:
        text = text.replace(each, "NAME")
    return answer.status_code, VARYING.sub("", text)


def begun(world: World, key: str) -> str:
    headers = {"Authorization": f"Bearer {key}"}
    made = world.session.post(f"{world.url}/connect/sessions", json={"tags": {}}, headers=headers, timeout=30)
    return str(made.json()["data"]["token"])


def rows(world: World) -> set[str]:
    """Every row of what belongs to a customer."""
    found = set()
    for table in ("integrations", "connections", "schedules", "records", "runs", "action_calls", "files", "wanted"):
        with world.host.store.database.reading() as session:
            for row in session.execute(f"SELECT * FROM {table}").fetchall():
                found.add(f"{table} {[row[name] for name in row.keys()]}")  # noqa: SIM118 - it iterates over values
    return found


@pytest.fixture
def others(world: World) -> tuple[str, str, str]:
    """A key, a session's token and the address of a fresh environment."""
    number = len(world.host.environments.list())
    key = world.host.environments.create(f"other-{number}").key
    known = next(each for each in world.host.environments.list() if each.name == f"other-{number}")
    return key, begun(world, key), str(known.id)


@pytest.mark.parametrize("endpoint", NAMING, ids=lambda each: each.name)
def test_what_is_anothers_is_answered_as_what_is_not_there(
    world: World, hers: Names, others: tuple[str, str, str], endpoint: Endpoint
) -> None:
    key, token, mine = others
    before = rows(world)
    theirs = Names(hers.who, hers.action_call, hers.file, hers.run, hers.secret, mine)
    nobody = nobodys(mine)
    answers = [
        shown(send(world, endpoint, names, key, token if endpoint.who is not Who.SESSION else begun(world, key)), names)
        for names in (theirs, nobody)
    ]
    assert answers[0] == answers[1]
    assert before <= rows(world)
    assert SECRET not in answers[0][1]


def test_the_same_requests_find_something_with_the_own_key(world: World) -> None:
    """Otherwise the test above would compare refusals of something else."""
    key, blind = world.keys["dev"], []
    for endpoint in NAMING:
        hers = settled(world)
        token = begun(world, key)
        own = shown(send(world, endpoint, hers, key, token), hers)
        nobody = nobodys(hers.address)
        if own == shown(send(world, endpoint, nobody, key, token), nobody):
            blind.append((endpoint.name, own[0], own[1][:80]))
    assert blind == []


@pytest.mark.parametrize("path", ["/connections", "/integrations", "/scripts/config", "/connection"])
def test_a_list_without_a_filter_holds_nothing_of_anothers(
    world: World, hers: Names, others: tuple[str, str, str], path: str
) -> None:
    with_key = [
        world.session.get(world.url + path, headers={"Authorization": f"Bearer {key}"}, timeout=30).text
        for key in (world.keys["dev"], others[0])
    ]
    assert hers.who in with_key[0]
    assert hers.who not in with_key[1]
