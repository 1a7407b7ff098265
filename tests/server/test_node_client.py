"""The reference runtime's Node client against our server: what a secret key can do with data."""

from __future__ import annotations

import gzip

import pytest

from connectors.engine.execution.work import Work
from tests.server.data_world import World
from tests.server.node import run_client
from tests.server.test_actions_routes import NUMBER, double, refuse
from tests.server.upstream import Reply, Seen

MB = 1024 * 1024


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url)
    made.declare(double, input=NUMBER)
    made.declare(refuse)
    made.start()
    work = Work(made.host)
    work.start()
    yield made
    made.host.stopping.set()
    work.stop(at_most=10)
    made.close()


def echo(seen: Seen) -> Reply:
    return Reply.json(
        {
            "method": seen.method,
            "target": seen.target,
            "plan": seen.headers.get("x-plan"),
            "type": seen.headers.get("content-type"),
            "length": len(seen.body),
            "body": seen.body.decode("utf-8", "replace"),
        }
    )


def test_proxy_syncs_records_and_actions_work_with_the_node_client(world):
    flaky = iter([Reply(500), Reply.json({"ok": True})])
    packed = {"content-type": "application/json", "content-encoding": "gzip"}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        world.upstream.on(f"{method} /base/echo", echo)
    world.upstream.on("GET /base/created", Reply.json({}, 201))
    world.upstream.on("GET /base/missing", Reply.json({"why": "gone"}, 404, **{"x-why": "1"}))
    world.upstream.on("GET /base/flaky", lambda _: next(flaky))
    world.upstream.on("GET /base/binary", Reply(200, bytes(300_000), {"content-type": "application/octet-stream"}))
    world.upstream.on("GET /base/packed", Reply(200, gzip.compress(b'{"packed":true}'), packed))
    world.upstream.on("GET /base/huge", lambda _: Reply(200, (b"x" * MB for _ in range(100))))
    world.fill(250)
    said = run_client("data.mjs", world.url, world.keys["dev"])
    assert said.splitlines() == ["proxy: done", "syncs: done", "records: done", "actions: done"]
