"""Providers that never answer: who calls them waits, and nobody else does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
import pytest
import requests

from connectors.server.contract import Refusal
from connectors.server.threads import SHARE, Lanes
from tests.server.data_world import World
from tests.server.upstream import Reply

MANY = 150  # more calls than a server has threads for
PROMPTLY = 10.0  # seconds, generously; a call that hangs takes 30


def ask_hanging(call, given):
    return call.get("/hang").json()


def ask(call, given):
    return call.get("/x").json()


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Lets the provider answer at last."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def world(tmp_path, database_url, over):
    made = World(tmp_path, database_url)
    made.declare(ask_hanging, name="hang")
    made.declare(ask, name="ask")
    made.upstream.on("GET /base/hang", lambda _: Reply.json({"late": over.wait(30)}))
    made.upstream.on("GET /base/x", Reply.json({"ok": True}))
    made.start()
    made.connect("other-account")
    yield made
    over.set()
    made.close()


@contextmanager
def calling(world: World, count: int, method: str, path: str, *, reach: int, **options) -> Iterator[None]:
    """So many calls under way at once, of which `reach` have come to the provider."""
    named = {"Authorization": f"Bearer {world.keys['dev']}", "Connection-Id": "acme", "Provider-Config-Key": "desk"}

    def call() -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.request(method, world.url + path, headers=named, timeout=60, **options)

    threads = [threading.Thread(target=call, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    until(lambda: len(world.upstream.seen) >= reach)
    yield
    for thread in threads:
        thread.join(60)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def others_go_on(world: World) -> None:
    """Nobody but who called the provider that hangs has to wait."""
    began = time.monotonic()
    assert world.session.get(f"{world.url}/health", timeout=PROMPTLY).json() == {"result": "ok"}
    assert time.monotonic() - began < 2
    assert world.session.get(f"{world.url}/ready", timeout=PROMPTLY).status_code == 200
    for environment, connection in (("dev", "other-account"), ("other", "acme")):
        of = {"environment": environment, "connection": connection}
        assert world.ask("GET", "/proxy/x", **of).json() == {"ok": True}
        assert world.ask("POST", "/action/trigger", json={"action_name": "ask"}, **of).json() == {"ok": True}
        read = world.ask("GET", f"/connections/{connection}", params={"provider_config_key": "desk"}, **of)
        assert read.status_code == 200
    assert world.ask("GET", "/records?model=Thing").status_code == 200  # of the very connection: no provider is asked
    assert time.monotonic() - began < PROMPTLY


def test_forty_proxied_calls_that_hang_keep_nobody_else_waiting(world, over):
    with calling(world, 40, "GET", "/proxy/hang", reach=40):
        others_go_on(world)
        over.set()


def test_more_proxied_calls_of_one_connection_than_there_are_threads_keep_nobody_else_waiting(world, over):
    with calling(world, MANY, "GET", "/proxy/hang", reach=SHARE):
        others_go_on(world)
        over.set()
    assert len(world.upstream.seen) >= MANY  # those that waited for their turn went as well


def test_actions_that_hang_keep_nobody_else_waiting(world, over):
    with calling(world, MANY, "POST", "/action/trigger", reach=SHARE, json={"action_name": "hang"}):
        others_go_on(world)
        over.set()


def test_a_call_that_finds_no_free_thread_in_time_is_told_so():
    async def fill() -> tuple[int, str]:
        lanes, free = Lanes({"upstream": 2, "store": 1, "rest": 1}, share=1, patience=0.05), threading.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: lanes.run("upstream", free.wait, 30, of="one"))
            await anyio.sleep(0.01)
            assert await lanes.run("upstream", int, "7", of="another") == 7
            try:
                await lanes.run("upstream", int, of="one")
            except Refusal as refusal:
                return refusal.status, refusal.headers["Retry-After"]
            finally:
                free.set()
        raise AssertionError("it went")

    assert anyio.run(fill) == (503, "5")
