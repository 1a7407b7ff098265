"""The proxy's bodies on their way: long ones, slow ones, and those that break off."""

from __future__ import annotations

import resource
import threading
import time

import pytest
import requests

from tests.server.data_world import World
from tests.server.upstream import Reply

MB = 1024 * 1024


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url).start()
    yield made
    made.close()


def test_a_chunked_answer_is_passed_on_before_it_is_whole(world):
    def slowly(seen):
        def pieces():
            yield b"first"
            time.sleep(2)
            yield b"second"

        return Reply(200, pieces(), {"content-type": "text/plain"})

    world.upstream.on("GET /base/x", slowly)
    began = time.monotonic()
    with world.ask("GET", "/proxy/x", stream=True) as answer:
        pieces = answer.iter_content(None)
        first = next(pieces)
        assert time.monotonic() - began < 1.5
        assert (first, b"".join(pieces)) == (b"first", b"second")


def test_a_hundred_megabytes_go_through_without_lying_in_memory(world):
    def huge(seen):
        return Reply(200, (b"x" * MB for _ in range(100)), {"content-type": "application/octet-stream"})

    world.upstream.on("GET /base/huge", huge)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with world.ask("GET", "/proxy/huge", stream=True) as answer:
        length = sum(len(piece) for piece in answer.iter_content(MB))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert length == 100 * MB
    assert grown < 40 * 1024  # KiB; provider, server and client are all in this process


def test_a_large_body_that_is_sent_does_not_lie_in_memory_either(world):
    world.upstream.on("PUT /base/huge", lambda seen: Reply.json({"length": len(seen.body)}))
    answer = world.ask("PUT", "/proxy/huge", data=(b"x" * MB for _ in range(30)))
    assert answer.json() == {"length": 30 * MB}


def test_a_body_beyond_the_ceiling_is_refused(world):
    answer = world.ask("PUT", "/proxy/x", data=(b"x" * MB for _ in range(76)))
    assert world.code(answer) == (413, "payload_too_large")
    assert world.upstream.seen == []


def test_an_answer_that_breaks_off_is_seen_to_break_off(world):
    def broken(seen):
        def pieces():
            yield b"x" * 200_000
            raise RuntimeError

        return Reply(200, pieces(), {})

    world.upstream.on("GET /base/x", broken)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        _ = world.ask("GET", "/proxy/x").content


def test_a_caller_that_goes_away_ends_the_providers_answer_too(world):
    ended = threading.Event()

    def endless(seen):
        def pieces():
            try:
                while True:
                    yield b"x" * 100_000
                    time.sleep(0.01)
            finally:
                ended.set()

        return Reply(200, pieces(), {})

    world.upstream.on("GET /base/x", endless)
    answer = world.ask("GET", "/proxy/x", stream=True)
    next(answer.iter_content(1000))
    answer.close()
    assert ended.wait(10)
