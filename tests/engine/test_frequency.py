"""How often: which words pass, what they mean, and the slots that follow."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.engine.frequency import next_slot, seconds_of, short, written
from connectors.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("every hour", 3600),
        ("2 hours", 7200),
        ("45m", 2700),
        ("30s", 30),
        ("every 5 minutes", 300),
        ("every 32d", 32 * 86400),
        ("every day", 86400),
        ("every week", 7 * 86400),
        ("every month", 30 * 86400),
        ("every half day", 43200),
        ("every half hour", 1800),
        ("every quarter hour", 900),
        ("90 secs", 90),
        ("1hr", 3600),
    ],
)
def test_words_mean_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["hour", "sometimes", "every 5 seconds", "29s", "", "every", "every  hour", "1.5h", "-1h", "٣h", "1h\n", "0d", "h"],
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        seconds_of(text)


@pytest.mark.parametrize(("text", "answer"), [("every 2 hours", "2 hours"), ("every hour", "1h"), ("45m", "45m")])
def test_a_frequency_is_answered_without_its_every(text: str, answer: str) -> None:
    assert short(text) == answer


@given(st.integers(30, 10**9 - 1))
def test_every_number_of_seconds_can_be_written_and_read(seconds: int) -> None:
    assert seconds_of(written(seconds)) == seconds


@given(st.integers(0, 10**9), st.integers(30, 10**6), st.floats(0, 1e9, allow_nan=False))
def test_the_next_slot_is_the_first_in_the_future(began: int, every: int, passed: float) -> None:
    after = began + passed
    slot = next_slot(began, every, after)
    assert after < slot <= after + every
    assert (slot - began) % every == 0


@given(st.text(max_size=30))
def test_whatever_is_given_it_is_a_frequency_or_an_error_of_ours(text: str) -> None:
    with suppress(InputError):
        assert seconds_of(text) >= 30
