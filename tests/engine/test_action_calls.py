"""Calls of actions whose caller does not wait: one after the other, their results kept, a dead process's ended."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from connectors.engine.action_calls import CLAIM, LONGEST, ActionCalls
from connectors.errors import ActionError, UnknownConnection, UnknownFunction

UNKNOWN = "3f0b6a9c-1d2e-4f30-8a41-5b6c7d8e9f00"


def add(desk, name, given=None, environment="dev", **options):
    return desk.host.action_calls.add(environment, "acme", name, given or {}, **options)


def test_a_call_is_made_later_and_its_output_is_kept(desk):
    desk.declare(lambda call, given: {"twice": given["number"] * 2}, name="double")
    id_ = add(desk, "double", {"number": 21})
    assert desk.host.action_calls.result("dev", id_) is None
    assert desk.host.action_calls.make_next() is True
    ended = desk.host.action_calls.result("dev", id_)
    assert (ended.ok, ended.answer) == (True, {"twice": 42})
    assert desk.host.action_calls.make_next() is False


def test_another_environment_sees_a_call_as_one_that_is_not_there(desk):
    desk.declare(lambda call, given: {}, name="nothing")
    id_ = add(desk, "nothing")
    desk.host.action_calls.make_next()
    assert desk.host.action_calls.result("other", id_) is None
    assert desk.host.action_calls.result("dev", UNKNOWN) is None


def test_a_failure_is_kept_as_the_table_of_failures_says(desk):
    desk.declare(lambda call, given: call.get("/gone").json(), name="fetch")
    desk.routes["GET", "/gone"] = lambda path, body: (404, {"detail": "gone"}, {"x-rate-left": "3", "x-other": "no"})
    id_ = add(desk, "fetch")
    desk.host.action_calls.make_next()
    ended = desk.host.action_calls.result("dev", id_)
    assert not ended.ok
    assert (ended.answer["status"], ended.answer["code"]) == (424, "script_http_error")
    assert ended.answer["payload"] == {"detail": "gone"}
    assert ended.answer["upstream"]["headers"] == {"content-type": "application/json", "x-rate-left": "3"}


def test_what_was_asked_for_is_refused_before_it_is_remembered(desk):
    desk.declare(lambda call, given: {}, name="nothing")
    with pytest.raises(UnknownFunction):
        add(desk, "no-such")
    with pytest.raises(UnknownConnection):
        desk.host.action_calls.add("dev", "nobody", "nothing", {})
    assert desk.host.action_calls.next_at() is None


def test_calls_of_an_environment_are_made_one_after_the_other_in_their_order(desk):
    order, entered, go_on = [], threading.Event(), threading.Event()

    def note(call, given):
        order.append(given["number"])
        if given["number"] == 0:
            entered.set()
            assert go_on.wait(10)
        return {}

    desk.declare(note)
    for number in range(3):
        add(desk, "note", {"number": number})
        desk.clock.advance(1)
    first = threading.Thread(target=desk.host.action_calls.make_next)
    first.start()
    assert entered.wait(10)
    assert ActionCalls(desk.host).make_next() is False
    go_on.set()
    first.join(10)
    while desk.host.action_calls.make_next():
        pass
    assert order == [0, 1, 2]


def test_environments_do_not_wait_for_each_other(desk):
    entered, go_on = threading.Event(), threading.Event()

    def hold(call, given):
        if given.get("wait"):
            entered.set()
            assert go_on.wait(10)
        return {}

    desk.declare(hold)
    add(desk, "hold", {"wait": True})
    first = threading.Thread(target=desk.host.action_calls.make_next)
    first.start()
    assert entered.wait(10)
    id_ = add(desk, "hold", environment="other")
    assert desk.host.action_calls.make_next() is True
    assert desk.host.action_calls.result("other", id_).ok
    go_on.set()
    first.join(10)


def test_further_attempts_are_made_as_often_as_asked_with_growing_pauses(desk):
    attempts = []

    def flaky(call, given):
        attempts.append(desk.clock.now())
        if len(attempts) < 3:
            raise ActionError("not yet")
        return {"attempts": len(attempts)}

    desk.declare(flaky)
    id_ = add(desk, "flaky", retries=2)
    for _ in range(3):
        assert desk.host.action_calls.make_next() is True
        assert desk.host.action_calls.make_next() is False
        desk.clock.advance(max(0, (desk.host.action_calls.next_at() or 0) - desk.clock.now()))
    assert desk.host.action_calls.result("dev", id_).answer == {"attempts": 3}
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses == [3, 6]


def test_a_call_whose_process_died_is_not_repeated_but_ends_as_failed(desk):
    made = []
    desk.declare(lambda call, given: made.append(1) or {}, name="once")
    id_ = add(desk, "once")
    now = desk.clock.now()
    assert desk.host.store.action_calls.claim("dead", now=now, until=now + CLAIM) is not None
    desk.clock.advance(CLAIM + 1)
    told = []
    desk.host.action_calls.when_ended(lambda *ended: told.append(ended))
    assert desk.host.action_calls.make_next() is False
    assert desk.host.action_calls.result("dev", id_).answer["code"] == "action_script_failure"
    assert (made, told) == ([], [("dev", id_)])


def test_the_input_is_forgotten_when_the_call_has_ended(desk):
    desk.declare(lambda call, given: {}, name="nothing")
    add(desk, "nothing", {"note": "a-word-to-forget"})
    desk.host.action_calls.make_next()
    with desk.host.store.database.reading() as connection:
        rows = connection.execute("SELECT given FROM action_calls").fetchall()
    assert [row["given"] for row in rows] == ["{}"]


def test_an_action_that_takes_too_long_ends_at_its_next_call(desk):
    desk.routes["GET", "/thing"] = lambda path, body: {"n": 1}

    def slow(call, given):
        call.get("/thing")
        desk.clock.advance(LONGEST + 1)
        return call.get("/thing").json()

    desk.declare(slow)
    id_ = add(desk, "slow")
    desk.host.action_calls.make_next()
    assert desk.host.action_calls.result("dev", id_).answer["code"] == "execution_timeout"
    assert len(desk.seen) == 1


def test_nothing_is_due_while_the_only_call_of_an_environment_goes_on(desk):
    desk.declare(lambda call, given: {}, name="nothing")
    add(desk, "nothing")
    add(desk, "nothing")
    now = desk.clock.now()
    assert desk.host.action_calls.next_at() == now
    assert desk.host.store.action_calls.claim("somebody", now=now, until=now + CLAIM) is not None
    assert desk.host.action_calls.next_at() == now + CLAIM  # when it would count as dead
