import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import ConfigError, DefinitionError
from connectors.runtime.budget import MemoryBudgets, classify, is_read, plan_of, wait_for
from connectors.runtime.catalog import Provider
from connectors.runtime.ports import Limit, Purse

PURSE = Purse("acme", "acme.example", "documents", "read")
RATES = {
    "window": 60,
    "plan": "business",
    "plans": ["business", "enterprise"],
    "operations": {"GET": "read", "POST": "create", "PUT": "update", "DELETE": "delete"},
    "assumed": {"read": {"business": 50, "enterprise": 250}, "update": {"business": 10, "enterprise": 20}},
    "groups": {
        "documents": {
            "path": "/api/v2/documents",
            "read": {"business": 50, "enterprise": 250},
            "update": {"business": 10, "enterprise": 20},
        },
        "contents": {"path": "/api/v2/documents/contents", "read": 7},
        "productions": {"path": "/api/v2/productions/", "create": {"business": 1, "enterprise": 10}},
        "search": {"path": "/api/v2/search", "operations": {"POST": "read"}},
    },
}
PROVIDER = Provider("acme", {"auth_mode": "API_KEY", "rate_limits": RATES}, "test.yaml")
WITHOUT = Provider("acme", {"auth_mode": "API_KEY"}, "test.yaml")


@pytest.mark.parametrize(
    ("method", "path", "plan", "expected"),
    [
        ("GET", "/api/v2/documents", None, ("documents", "read", 50, False)),
        ("GET", "/api/v2/documents/17", "enterprise", ("documents", "read", 250, False)),
        ("get", "/api/v2/documents/17/", None, ("documents", "read", 50, False)),
        ("PUT", "/api/v2/documents/17", None, ("documents", "update", 10, False)),
        ("POST", "/api/v2/documents", None, ("documents", "create", 10, True)),
        ("DELETE", "/api/v2/documents/17", "enterprise", ("documents", "delete", 20, True)),
        ("GET", "/api/v2/documents/contents/5", None, ("contents", "read", 7, False)),
        ("GET", "/api/v2/documentsets", None, ("other", "read", 50, True)),
        ("GET", "/x/api/v2/documents", None, ("other", "read", 50, True)),
        ("POST", "/api/v2/productions", None, ("productions", "create", 1, False)),
        ("POST", "/api/v2/search/", None, ("search", "read", 50, True)),
        ("GET", "/api/v2/groups", None, ("other", "read", 50, True)),
        ("PURGE", "/api/v2/groups", None, ("other", "update", 10, True)),
    ],
)
def test_a_call_spends_the_budget_of_its_group_operation_and_plan(method, path, plan, expected):
    spending = classify(PROVIDER, {"plan": plan} if plan else {}, method, path)
    assert spending is not None
    found = (spending.group, spending.operation, spending.limit.calls, spending.limit.assumed)
    assert found == expected
    assert spending.limit.window == 60
    assert spending.plan == (plan or "business")


def test_plan_none_and_definitions_without_limits_have_no_budget():
    assert classify(PROVIDER, {"plan": "none"}, "GET", "/api/v2/documents") is None
    assert classify(WITHOUT, {}, "GET", "/api/v2/documents") is None


@pytest.mark.parametrize("plan", ["Business", "gold", 3, ["business"], True])
def test_an_unknown_plan_is_refused_with_the_choices(plan):
    with pytest.raises(ConfigError, match="business, enterprise, none") as caught:
        plan_of(PROVIDER, {"plan": plan})
    assert caught.value.problems[0].field == "plan"


@pytest.mark.parametrize("metadata", [{}, {"plan": None}, {"plan": ""}])
def test_without_a_plan_the_definitions_own_counts(metadata):
    assert plan_of(PROVIDER, metadata) == "business"


def test_a_search_by_post_counts_as_a_read_only_where_the_definition_says_so():
    assert is_read(PROVIDER, "POST", "/api/v2/search/")
    assert not is_read(PROVIDER, "POST", "/api/v2/documents")
    assert not is_read(WITHOUT, "POST", "/api/v2/search/")
    assert is_read(WITHOUT, "HEAD", "/x")


@pytest.mark.parametrize(
    ("log", "now", "wait"),
    [
        ([], 0, 0),
        ([1, 2], 3, 0),
        ([1, 2, 3], 4, 57),
        ([1, 2, 3], 61, 0),
        ([1, 2, 3, 50], 60, 2),
        ([100, 100, 100], 10, 150),
    ],
)
def test_the_wait_ends_when_the_oldest_call_that_counts_leaves_the_window(log, now, wait):
    assert wait_for(log, Limit(3, 60), now) == wait


@given(
    calls=st.integers(1, 6),
    window=st.integers(1, 20),
    gaps=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 5)), max_size=60),
)
def test_no_window_ever_holds_more_calls_than_the_limit_and_none_waits_in_vain(calls, window, gaps):
    limit = Limit(calls, float(window))
    budgets = MemoryBudgets()
    now = 0.0
    started: list[float] = []
    for idle, length in gaps:
        now += idle
        while (slot := budgets.take(PURSE, limit, now=now, urgent=False, at_most=300)).wait > 0:
            in_window = [at for at in started if at > now - window - 5]  # a call lasts up to 5
            assert len(in_window) >= calls  # never told to wait while the budget is free
            now += slot.wait
        started.append(now)
        now += length
        budgets.settle(PURSE, slot.token, at=now)
    for first in started:
        assert sum(first <= at < first + window for at in started) <= calls


def test_calls_that_run_hold_their_places_until_they_are_settled():
    budgets, limit = MemoryBudgets(), Limit(2, 10)
    first = budgets.take(PURSE, limit, now=0, urgent=False, at_most=100)
    second = budgets.take(PURSE, limit, now=0, urgent=False, at_most=100)
    assert first.token != second.token
    assert budgets.take(PURSE, limit, now=50, urgent=False, at_most=100).wait > 0
    budgets.settle(PURSE, first.token, at=50)
    assert budgets.take(PURSE, limit, now=59, urgent=False, at_most=100).wait > 0
    assert budgets.take(PURSE, limit, now=60, urgent=False, at_most=100).wait == 0


def test_a_clock_that_was_set_back_holds_calls_up_for_one_window_only():
    budgets, limit = MemoryBudgets(), Limit(2, 10)
    slot = budgets.take(PURSE, limit, now=1_000_000, urgent=False, at_most=100)
    budgets.settle(PURSE, slot.token, at=1_000_000)
    slot = budgets.take(PURSE, limit, now=1_000_000, urgent=False, at_most=100)
    budgets.settle(PURSE, slot.token, at=1_000_000)
    assert budgets.take(PURSE, limit, now=1_000_001, urgent=True, at_most=100).wait == 9
    assert budgets.take(PURSE, limit, now=5, urgent=False, at_most=100).wait == 10
    assert budgets.take(PURSE, limit, now=15, urgent=False, at_most=100).wait == 0


def test_a_place_that_is_never_settled_counts_from_its_latest_end():
    budgets, limit = MemoryBudgets(), Limit(1, 10)
    budgets.take(PURSE, limit, now=0, urgent=False, at_most=100)
    assert budgets.take(PURSE, limit, now=109, urgent=False, at_most=100).wait > 0
    assert budgets.take(PURSE, limit, now=110, urgent=False, at_most=100).wait == 0


def test_a_closed_purse_lets_nobody_through_until_then():
    budgets, limit = MemoryBudgets(), Limit(50, 60)
    budgets.close(PURSE, 30)
    budgets.close(PURSE, 20)
    assert budgets.take(PURSE, limit, now=10, urgent=True, at_most=1).wait == 20
    assert budgets.take(PURSE, limit, now=30, urgent=True, at_most=1).wait == 0
    other = Purse("acme", "acme.example", "documents", "update")
    assert budgets.take(other, limit, now=10, urgent=False, at_most=1).wait == 0


def test_an_urgent_caller_who_waits_goes_before_the_others():
    budgets, limit = MemoryBudgets(), Limit(1, 10)
    slot = budgets.take(PURSE, limit, now=0, urgent=False, at_most=5)
    budgets.settle(PURSE, slot.token, at=0)
    assert budgets.take(PURSE, limit, now=8, urgent=True, at_most=5).wait == 2
    assert budgets.take(PURSE, limit, now=10, urgent=False, at_most=5).wait > 0
    assert budgets.take(PURSE, limit, now=10, urgent=True, at_most=5).wait == 0


def test_an_urgent_caller_who_gave_up_keeps_nobody_waiting_for_long():
    budgets, limit = MemoryBudgets(), Limit(1, 10)
    slot = budgets.take(PURSE, limit, now=0, urgent=False, at_most=5)
    budgets.settle(PURSE, slot.token, at=0)
    budgets.take(PURSE, limit, now=8, urgent=True, at_most=5)
    assert budgets.take(PURSE, limit, now=11, urgent=False, at_most=5).wait == 0


def test_many_threads_never_take_more_than_there_is():
    budgets, limit = MemoryBudgets(), Limit(25, 1000)
    taken: list[str] = []

    def work() -> None:
        for _ in range(20):
            slot = budgets.take(PURSE, limit, now=1, urgent=False, at_most=5)
            if slot.wait == 0:
                taken.append(slot.token)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 25


@pytest.mark.parametrize(
    "rates",
    [
        {"groups": ["documents"]},
        {"groups": {"documents": 5}},
        {"groups": {"documents": {"path": "/x", "operations": "read"}}},
        {"assumed": 50},
        {"window": 0, "assumed": {"read": 1}},
        {"window": "60", "assumed": {"read": 1}},
        {"assumed": {"read": 0}},
        {"assumed": {"read": 1.5}},
        {"operations": [1]},
    ],
)
def test_limits_of_the_wrong_shape_are_a_clear_error(rates):
    provider = Provider("acme", {"rate_limits": {"plan": "p", "plans": ["p"], **rates}}, "test.yaml")
    with pytest.raises(DefinitionError, match="acme"):
        classify(provider, {}, "GET", "/x")
