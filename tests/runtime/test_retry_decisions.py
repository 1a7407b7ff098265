import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runtime.retry import LONGEST_WAIT, backoff, decide, number, retry_after

NOW = 1709971507.123  # 2024-03-09T08:05:07.123Z


def decision(settings=None, status=429, headers=None, **given):
    return decide(settings, status=status, headers=headers or {}, now=NOW, **given)


@pytest.mark.parametrize("status", [500, 501, 503, 599, 429, 401])
def test_server_errors_429_and_401_are_worth_another_attempt(status):
    assert decision(status=status).retry


@pytest.mark.parametrize("status", [200, 301, 304, 400, 403, 404, 422, None])
def test_other_answers_are_not(status):
    assert decision(status=status) == decision(status=status, attempt=5)
    assert not decision(status=status).retry
    assert decision(status=status).wait is None


@pytest.mark.parametrize(
    "code", ["ECONNRESET", "ETIMEDOUT", "ECONNABORTED", "ECONNREFUSED", "EHOSTUNREACH", "EAI_AGAIN"]
)
def test_a_broken_network_is(code):
    assert decision(status=None, error_code=code, attempt=1).wait == 6


@pytest.mark.parametrize("code", ["ENOTFOUND", "CERT_HAS_EXPIRED", "EPIPE", None])
def test_a_name_or_certificate_that_is_wrong_is_not(code):
    assert not decision(status=None, error_code=code).retry


def test_the_caller_can_add_statuses():
    assert decision(status=404, retry_on=[404]).retry
    assert not decision(status=403, retry_on=[404]).retry


@pytest.mark.parametrize(
    ("rules", "status", "repeated"),
    [
        (["403"], 403, True),
        (["403"], 429, False),
        ([403], 403, True),
        (["4XX"], 418, True),
        (["4xx"], 500, False),
        (["500-502"], 502, True),
        (["500-502"], 503, False),
        ([" 403 "], 403, True),
        (["50-99"], 60, False),
        ([], 500, False),
        (["nonsense"], 500, False),
    ],
)
def test_a_definition_can_name_the_statuses_itself(rules, status, repeated):
    assert decision({"error_code": rules}, status).retry is repeated


def test_nothing_remaining_is_worth_another_attempt():
    assert decision({"remaining": "x-left"}, 403, {"X-Left": "0"}).retry
    assert not decision({"remaining": "x-left"}, 403, {"x-left": "1"}).retry
    assert not decision({"remaining": "X-Left"}, 403, {"x-left": "0"}).retry


def test_without_a_hint_waits_double_up_to_ten_minutes():
    assert [backoff(attempt) for attempt in (0, 1, 2, 7, 8, 9, 10_000)] == [3, 6, 12, 384, 600, 600, 600]
    assert decision(attempt=2).wait == 12
    assert decision(attempt=9, longest=60).wait == 60


@pytest.mark.parametrize(
    ("value", "wait"),
    [("5", 5), ("1.5", 1.5), ("  7 ", 7), (9, 9), ("0", 0), ("1e1", 10), ("0x10", 16), ("-3", 0)],
)
def test_a_named_header_says_how_long(value, wait):
    assert decision({"after": ["Retry-In"]}, headers={"retry-in": value}).wait == wait


@pytest.mark.parametrize("value", ["", "soon", "5s", None, True, "1_000", "٣", "nan", "1e999", "0x" + "f" * 999])
def test_a_header_that_cannot_be_read_leaves_the_backoff(value):
    assert decision({"after": ["retry-in"]}, headers={"retry-in": value}).wait == 3


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("1709971537", 30),
        (1709971537, 30),
        ("1709971537.4", 31),
        ("1709971537000", 30),
        ("2024-03-09T08:06:00Z", 53),
        ("2024-03-09T10:06:00+02:00", 53),
        ("2024-03-09T08:06:00", 53),
        ("Sat, 09 Mar 2024 08:06:00 GMT", 53),
    ],
)
def test_a_named_header_says_when(value, wait):
    assert decision({"at": ["x-reset"]}, headers={"x-reset": value}).wait == wait


@pytest.mark.parametrize(
    "value", ["1709971502", "60", "2020-01-01T00:00:00Z", "2024-03-09T08:05:07.900Z", "0x10", "then"]
)
def test_an_instant_that_has_passed_or_cannot_be_read_leaves_the_backoff(value):
    assert decision({"at": ["x-reset"]}, headers={"x-reset": value}).wait == 3


def test_the_longest_of_several_headers_counts_and_at_goes_before_after():
    headers = {"a": "1709971517", "b": "1709971557", "c": "99"}
    assert decision({"at": ["a", "b"], "after": ["c"]}, headers=headers).wait == 50
    assert decision({"after": ["c", "d"]}, headers={**headers, "d": "7"}).wait == 99


RULE = {"in_body": {"path": "errors[0].message", "strategy": "after", "value": r"in (\d+) seconds"}}


class TestBody:
    def test_a_body_can_say_how_long(self):
        body = {"errors": [{"message": "try again in 42 seconds"}]}
        assert decision(RULE, body=body).wait == 42
        assert decision({**RULE, "after": ["retry-in"]}, body=lambda: body).wait == 42

    def test_a_body_is_read_only_if_the_definition_looks_into_it(self):
        def never():
            pytest.fail("the body was read")

        assert decision(body=never).wait == 3
        assert decision({**RULE, "after": ["x"]}, headers={"x": "5"}, body=never).wait == 5
        assert not decision(RULE, 404, body=never).retry

    @pytest.mark.parametrize("value", ["(", "", "seconds", "(?<n>\\d+) minutes"])
    def test_a_pattern_that_finds_nothing_leaves_the_backoff(self, value):
        rule = {"in_body": {"path": "m", "strategy": "after", "value": value}}
        assert decision(rule, body={"m": "in 42 seconds"}).wait == 3

    def test_a_named_group_of_javascript_is_understood(self):
        rule = {"in_body": {"path": "m", "strategy": "after", "value": r"(?<wait>\d+) s"}}
        assert decision(rule, body={"m": "in 42 s"}).wait == 42

    @pytest.mark.parametrize("body", [None, "text", [], {}, {"errors": None}, {"errors": [{"message": 5}]}])
    def test_any_body_is_taken(self, body):
        assert decision(RULE, body=body).wait == 3


class TestHeaderThatTheCallerNames:
    def test_it_is_read_before_the_definitions(self):
        found = decision({"after": ["x"]}, headers={"X-A": "8", "x": "5"}, retry_header={"after": "x-a"})
        assert (found.wait, found.reason) == (8, "custom_after")

    def test_it_may_hold_an_instant(self):
        found = decision(headers={"x-at": "2024-03-09T08:05:17Z"}, retry_header={"at": "X-At"})
        assert (found.wait, found.reason) == (10, "custom_at")

    @pytest.mark.parametrize("headers", [{}, {"x-a": "soon"}])
    def test_without_it_the_definition_decides(self, headers):
        found = decision({"after": ["x"]}, headers={"x": "5", **headers}, retry_header={"after": "x-a"})
        assert (found.wait, found.reason) == (5, "preconfigured_after")

    def test_it_never_decides_whether(self):
        assert not decision(status=404, headers={"x-a": "8"}, retry_header={"after": "x-a"}).retry


class TestRetryAfterUnnamed:
    def test_it_is_obeyed_where_the_definition_does_not_name_it(self):
        assert decision(headers={"Retry-After": "20"}).wait == 20
        assert decision({"at": ["x-reset"]}, headers={"retry-after": "20"}).wait == 20

    def test_it_may_be_a_date(self):
        assert decision(headers={"retry-after": "Sat, 09 Mar 2024 08:06:00 GMT"}).wait == pytest.approx(52.877)
        assert decision({"after": ["retry-after"]}, headers={"retry-after": "Sat, 09 Mar 2024 08:06:00 GMT"}).wait > 50

    def test_what_the_definition_names_goes_first(self):
        assert decision({"after": ["x"]}, headers={"retry-after": "20", "x": "5"}).wait == 5

    def test_it_never_decides_whether(self):
        assert not decision(status=404, headers={"retry-after": "20"}).retry
        assert not decision({"error_code": []}, 500, {"retry-after": "20"}).retry


@given(
    value=st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none(), st.booleans()),
    kind=st.sampled_from(["at", "after"]),
    status=st.integers(100, 599),
    attempt=st.integers(0, 10_000),
)
def test_every_wait_is_between_zero_and_the_ceiling(value, kind, status, attempt):
    found = decision({kind: ["x"]}, status, {"x": value, "retry-after": value}, attempt=attempt)
    assert (found.wait is None) == (not found.retry)
    assert found.wait is None or 0 <= found.wait <= LONGEST_WAIT


def test_a_retry_after_value_is_read_by_itself():
    assert retry_after("5", NOW) == 5
    assert retry_after("Sat, 09 Mar 2024 08:05:00 GMT", NOW) == 0
    assert retry_after("Sat, 09 Mar 99999 08:05:00 GMT", NOW) is None
    assert retry_after(None, NOW) is None
    assert number("12_3") is None
