import json
import math
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runtime import canonical

INTEGERS = st.integers(-(2**80), 2**80) | st.sampled_from([0, -(2**63), 2**63, 2**64 - 1, 2**64, 10**400])
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.0, 1e22, -0.0, 1e-5, 1e16, 5e-324])
TEXTS = (
    st.text(st.characters(exclude_categories=())) | st.text() | st.sampled_from(["\ud800", "é", "\U0001f600", "\x7f"])
)
LEAVES = st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_what_is_written_is_read_back_equal_and_written_the_same_again(value):
    text = canonical.dumps(value)
    text.encode()
    again = canonical.loads(text)
    assert canonical.dumps(again) == text
    assert canonical.loads(text.encode()) == again


@given(VALUES)
def test_both_roads_write_one_form(value):
    assert canonical.dumps(value) == canonical.dumps(_behind_proxies(value))


@given(VALUES)
def test_a_large_integer_beside_it_changes_nothing(value):
    assert canonical.dumps([value, 2**70]) == f"[{canonical.dumps(value)},{2**70}]"


@given(VALUES)
def test_reading_agrees_with_the_standard_library(value):
    text = json.dumps(value)
    assert repr(canonical.loads(text)) == repr(json.loads(text))
    assert repr(canonical.loads(f"[{text}, {2**70}]")) == repr(json.loads(f"[{text}, {2**70}]"))


@given(st.text() | st.binary())
def test_what_is_not_json_is_a_value_error_and_nothing_else(junk):
    try:
        canonical.loads(junk)
    except ValueError:
        return
    assert json.loads(junk) == json.loads(junk)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_keys_stand_in_the_order_of_their_code_points(value):
    keys = list(json.loads(canonical.dumps(value)))
    assert keys == sorted(keys)
    assert list(json.loads(canonical.dumps(value | {"big": 2**70}))) == sorted({*keys, "big"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e22, "1e+22"),
        (1e-5, "0.00001"),
        (2**63, "9223372036854775808"),
        (2**64, "18446744073709551616"),
        ({"b": [True, None], "a": "é\n/"}, '{"a":"é\\n/","b":[true,null]}'),
        ("\ud83d\ude00", '"\U0001f600"'),
        ("x\ud800y", '"x\\ud800y"'),
        ((1, 2), "[1,2]"),
    ],
)
def test_the_form_is_this(value, text):
    assert canonical.dumps(value) == text
    assert canonical.dumps([value, 2**70]) == f"[{text},{2**70}]"


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [None, -math.inf],
        {"a": {"b": math.nan}},
        [2**70, math.nan],
        {1: 2},
        {2**70: 1},
        {1, 2},
        b"x",
    ],
)
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical.dumps(value)


def test_nesting_without_end_is_refused_both_ways():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="deep"):
        canonical.dumps(endless)
    with pytest.raises(ValueError, match="deep"):
        canonical.loads("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "1e400", "", "{", "[1,]", "'a'", b"\xff", b"\xef\xbb\xbf1", "\ufeff1"]
)
def test_text_that_is_not_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        canonical.loads(text)


@pytest.mark.parametrize("digits", [18, 19, 20, 21, 400])
def test_integers_of_any_length_are_read_exactly(digits):
    number = int("9" * digits)
    for value in (number, -number):
        assert canonical.loads(f'{{"id": {value}}}') == {"id": value}


def test_equal_values_have_equal_digests_of_sixteen_bytes():
    one = canonical.digest({"b": 1, "a": "ü"})
    assert one == canonical.digest({"a": "ü", "b": 1}) == canonical.digest('{"a":"ü","b":1}')
    assert len(one) == 16
    assert one != canonical.digest({"a": "ü", "b": 1.0})


def _behind_proxies(value):
    if isinstance(value, dict):
        return MappingProxyType({key: _behind_proxies(item) for key, item in value.items()})
    return [_behind_proxies(item) for item in value] if isinstance(value, list) else value
