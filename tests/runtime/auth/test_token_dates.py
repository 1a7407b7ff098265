"""Moments and lengths of time in token answers: every way to say them that the reference reads, and no other."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConnectorError
from connectors.runtime.auth.dates import expiration, iso
from connectors.runtime.auth.parsing import span, two_step_credentials
from connectors.runtime.catalog import Provider

from .mode_world import NOW

SECONDS, MILLISECONDS = 1709975107, 1709975107123
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MOMENTS = st.datetimes(datetime(1972, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))


def read(value):
    found = expiration(value, NOW)
    return found and iso(found)


class TestDates:
    @pytest.mark.parametrize(
        ("value", "meant"),
        [
            (SECONDS, "2024-03-09T09:05:07.000Z"),
            (MILLISECONDS, "2024-03-09T09:05:07.123Z"),
            (63071999999, "3968-09-02T23:59:59.000Z"),  # the last number that is too small for milliseconds
            (63072000000, "1972-01-01T00:00:00.000Z"),
            ("2024-03-09T10:00:00.1234567Z", "2024-03-09T10:00:00.123Z"),
            ("2024-03-09T10:00:00+02:00", "2024-03-09T08:00:00.000Z"),
            ("2024-03-09", "2024-03-09T00:00:00.000Z"),
            ("Sat, 09 Mar 2024 10:00:00 GMT", "2024-03-09T10:00:00.000Z"),
            ("177:05:38", "2024-09-02T13:43:07.123Z"),
        ],
    )
    def test_numbers_dates_and_durations_are_read(self, value, meant):
        assert read(value) == meant

    @pytest.mark.parametrize(
        "value", ["1709975107", "", " ", "1:2:3", "1:24:00", "1:00:60", "soon", True, {}, [], None]
    )
    def test_what_is_none_of_them_is_no_date(self, value):
        assert expiration(value, NOW) is None

    @given(ANYTHING)
    def test_whatever_a_provider_sends_it_is_a_date_in_utc_or_none(self, value):
        found = expiration(value, NOW)
        assert found is None or found.utcoffset() == timedelta(0)

    @given(MOMENTS, st.integers(-14 * 60, 14 * 60))
    def test_a_date_is_read_back_from_every_zone(self, moment, minutes):
        written = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
        assert expiration(written, NOW) == moment

    @given(MOMENTS)
    def test_what_is_stored_is_read_back_to_the_millisecond(self, moment):
        assert iso(expiration(iso(moment), NOW)) == iso(moment)


class TestLengths:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [(3600, 3600), ("3600", 3600), ("1h", 3600), ("2 days", 172800), ("90m", 5400), ("1.5 hrs", 5400), (-5, -5)],
    )
    def test_seconds_and_texts_with_a_unit_are_lengths(self, value, seconds):
        assert span(value) == timedelta(seconds=seconds)

    @pytest.mark.parametrize("value", ["", "h", "1 fortnight", "1h 5m", None, True, {}, 10**30, "9" * 400 + "h"])
    def test_anything_else_is_none(self, value):
        assert span(value) is None

    @given(ANYTHING)
    def test_whatever_a_provider_sends_nothing_but_our_errors_comes_of_it(self, value):
        for strategy in ("expireIn", "expireAt"):
            response = {"token": "t", "token_expiration": "e", "token_expiration_strategy": strategy}
            provider = Provider("acme", {"auth_mode": "TWO_STEP", "token_response": response}, "test")
            try:
                found = two_step_credentials(provider, {"t": "x", "e": value}, NOW)
            except ConnectorError:
                continue
            json.dumps(found)
