"""Budgets that all processes on one store share."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.engine.setting_values import PostgresUrl
from connectors.engine.store import Store
from connectors.runtime.ports import Limit, Purse

PURSE = Purse("paligo", "acme.paligoapp.com", "documents", "read")
WINDOW = 0.5


@pytest.fixture
def where(tmp_path, database_url):
    return database_url or str(tmp_path / "store.db")


def opened(where):
    return Store(PostgresUrl(where) if where.startswith("postgresql:") else Path(where))


@pytest.fixture
def budgets(where):
    store = opened(where)
    yield store.budgets
    store.close()


def take(budgets, now, *, limit=Limit(3, 60.0), urgent=False):
    return budgets.take(PURSE, limit, now=now, urgent=urgent, at_most=300.0)


def test_a_free_budget_is_spent_at_once_and_the_next_call_waits_for_the_oldest_to_leave(budgets):
    for at in (0.0, 1.0, 2.0):
        slot = take(budgets, at)
        assert slot.wait == 0
        budgets.settle(PURSE, slot.token, at=at + 0.5)
    assert take(budgets, 10.0).wait == pytest.approx(50.5)
    assert take(budgets, 60.5).wait == 0


def test_a_call_that_never_settled_counts_until_its_latest_possible_end(budgets):
    for _ in range(3):
        take(budgets, 0.0)
    assert take(budgets, 300.0).wait > 0
    assert take(budgets, 360.0).wait == 0


def test_a_purse_that_the_provider_closed_stays_closed_until_then(budgets):
    budgets.close(PURSE, until=100.0)
    budgets.close(PURSE, until=50.0)
    assert take(budgets, 40.0).wait == 60.0
    assert take(budgets, 100.0).wait == 0


def test_an_urgent_caller_goes_before_one_that_can_wait(budgets):
    limit = Limit(1, 10.0)
    slot = take(budgets, 0.0, limit=limit)
    budgets.settle(PURSE, slot.token, at=0.0)
    assert take(budgets, 5.0, limit=limit, urgent=True).wait == 5.0
    assert take(budgets, 10.0, limit=limit).wait > 0
    assert take(budgets, 10.0, limit=limit, urgent=True).wait == 0


def test_a_clock_that_was_set_back_does_not_lock_the_purse_for_ever(budgets):
    for _ in range(3):
        slot = take(budgets, 1_000_000.0)
        budgets.settle(PURSE, slot.token, at=1_000_000.0)
    assert take(budgets, 0.0).wait <= 360.0


def test_after_a_clock_was_set_back_calls_go_again_within_a_window(budgets):
    for _ in range(3):
        slot = take(budgets, 1_000_000.0)
        budgets.settle(PURSE, slot.token, at=1_000_000.0)
    assert take(budgets, 1_000_010.0, urgent=True).wait == 50.0
    now = 0.0
    while (slot := take(budgets, now)).wait > 0 and now < 1000:
        now += slot.wait
    assert now == pytest.approx(60.0)


def test_after_a_clock_was_set_back_a_call_that_never_settled_is_forgotten_as_late_as_ever(budgets):
    for _ in range(3):
        take(budgets, 1_000_000.0)
    now = 0.0
    while (slot := take(budgets, now)).wait > 0 and now < 1000:
        now += slot.wait
    assert now == pytest.approx(360.0)


def test_a_purse_is_not_closed_for_longer_than_any_provider_can_ask(budgets):
    budgets.close(PURSE, until=10_000_000.0)
    assert take(budgets, 0.0).wait == 0


def test_a_caller_that_lags_a_little_behind_takes_nothing_from_what_the_others_noted(budgets):
    for _ in range(3):
        slot = take(budgets, 100.0)
        budgets.settle(PURSE, slot.token, at=105.0)
    assert take(budgets, 102.0).wait == 63.0
    assert take(budgets, 164.0).wait == 1.0


@settings(max_examples=30, deadline=None)
@given(
    calls=st.integers(1, 4),
    steps=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_calls_than_the_limit(tmp_path_factory, calls, steps):
    store = Store(tmp_path_factory.mktemp("budget") / "store.db")
    limit, now, sent = Limit(calls, 5.0), 0.0, []
    for pause, duration in steps:
        now += pause
        while (slot := take(store.budgets, now, limit=limit)).wait > 0:
            now += slot.wait
        store.budgets.settle(PURSE, slot.token, at=now + duration)
        sent.append((now, now + duration))
        now += duration
    store.close()
    # The provider counts a call at any instant between its start and its end.
    for first, later in zip(sent, sent[calls:], strict=False):
        assert later[0] >= first[1] + limit.window - 1e-6


def _spend(where: str, calls: int, out: multiprocessing.SimpleQueue) -> None:
    store = opened(where)
    for _ in range(calls):
        while (
            slot := store.budgets.take(PURSE, Limit(5, WINDOW), now=time.time(), urgent=False, at_most=5.0)
        ).wait > 0:
            time.sleep(slot.wait)
        began = time.time()
        store.budgets.settle(PURSE, slot.token, at=time.time())
        out.put(began)
    store.close()


def test_three_processes_together_stay_inside_one_budget(where):
    opened(where).close()
    context = multiprocessing.get_context("spawn")
    out = context.SimpleQueue()
    children = [context.Process(target=_spend, args=(where, 6, out)) for _ in range(3)]
    for child in children:
        child.start()
    times = sorted(out.get() for _ in range(18))
    for child in children:
        child.join()
    for first, later in zip(times, times[5:], strict=False):
        assert later - first >= WINDOW - 1e-3


def test_places_are_kept_for_an_urgent_caller_only_until_it_has_one(budgets):
    limit = Limit(2, 10.0)
    for _ in range(2):
        budgets.settle(PURSE, take(budgets, 0.0, limit=limit).token, at=0.0)
    assert take(budgets, 5.0, limit=limit, urgent=True).wait > 0
    assert take(budgets, 10.1, limit=limit, urgent=True).wait == 0
    assert take(budgets, 10.1, limit=limit).wait == 0
