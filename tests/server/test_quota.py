"""How many requests a caller may make, whoever else calls."""

from __future__ import annotations

from connectors.server import quota
from connectors.server.quota import WINDOW, Quota


def test_a_flood_of_new_callers_takes_no_more_memory_and_leaves_nobody_uncounted(monkeypatch):
    monkeypatch.setattr(quota, "_MOST_CALLERS", 10)
    counts = Quota(2, lambda: 1000.0)
    for number in range(100):
        counts.spend(f"caller {number}")
    assert len(counts._counts) == 10
    assert [counts.spend("late").remaining for _ in range(3)] == [1, 0, -1]


def test_a_window_ends_and_another_begins():
    now = [1000.0]
    counts = Quota(1, lambda: now[0])
    assert [counts.spend("a").remaining for _ in range(2)] == [0, -1]
    now[0] += WINDOW
    assert counts.spend("a").remaining == 0
    now[0] -= 3600  # the clock was set back: nobody waits an hour
    assert counts.spend("a").remaining == 0
