import pytest

from connectors.runtime.paths import value_at
from connectors.runtime.scalars import text_of

DATA = {"a": {"b": [{"c": 1}, {"c": 2}]}, "a.x": "flat", "list": [[0, 7]], "0": "zero", "null": None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b[1].c", 2),
        ("a.b.0.c", 1),
        ("list[0][1]", 7),
        ('a["b"][0].c', 1),
        ("a.x", "flat"),
        ("0", "zero"),
        ("a.b[9].c", None),
        ("a.b[-1]", None),
        ("a.b.c", None),
        ("null.x", None),
        ("nope", None),
        ("a..b", DATA["a"]["b"]),
    ],
)
def test_a_path_leads_to_its_value_or_to_none(path, value):
    assert value_at(DATA, path) == value


@pytest.mark.parametrize("data", [None, 5, "text", [], [1], {}])
def test_any_data_is_taken(data):
    assert value_at(data, "a.b[0]") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(("x", "x"), (None, "null"), (True, "true"), (1, "1"), (1.0, "1"), (1.5, "1.5")),
        *(([1, None, [2, 3]], "1,,2,3"), ({}, "[object Object]")),
    ],
)
def test_values_are_written_as_javascript_writes_them(value, text):
    assert text_of(value) == text
