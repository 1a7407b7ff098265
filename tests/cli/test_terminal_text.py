import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cli.table import cells, draw, fit
from connectors.cli.terminal import duration, json_text, plain, plain_lines
from connectors.errors import UnexpectedAnswer

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ATTACKS = ["\x1b[2J", "\x9b31m", "\x1b]0;title\x07", "a\rb", "\u202egpj.exe", "\x08\x08", "\x00", "\ud800"]


def acts(text):
    """Whether a terminal would do something else than show it."""
    return any(
        unicodedata.category(each) in ("Cc", "Cs") or each in "\u202a\u202b\u202d\u202e\u2066\u2067" for each in text
    )


@given(ANY_TEXT)
def test_shown_text_never_acts_on_a_terminal(text):
    assert not acts(plain(text))
    assert not acts(plain_lines(text).replace("\n", "").replace("\t", ""))


@pytest.mark.parametrize("text", ATTACKS)
def test_known_attacks_are_made_harmless(text):
    assert not acts(plain(f"x{text}x"))
    assert not acts(json_text({text: [text]}))


@given(JSON)
def test_json_is_safe_to_look_at_and_means_the_same(value):
    shown = json_text(value, indent=2)
    assert not acts(shown.replace("\n", ""))
    assert json.loads(shown) == value


def test_ordinary_text_stays():
    assert plain("Öl & <漢字> 👍 – “ok”") == "Öl & <漢字> 👍 – “ok”"


@given(st.text(), st.integers(min_value=1, max_value=30), st.booleans())
def test_a_cell_is_as_wide_as_it_should_be(text, width, right):
    assert cells(fit(plain(text), width, right=right)) == width


def test_a_table_that_is_too_wide_is_cut_at_its_widest_column():
    lines = list(draw(("id", "text"), [("1", "x" * 100), ("2", "漢" * 50)], width=40))
    assert all(cells(line) <= 40 for line in lines)
    assert [line.split()[0] for line in lines] == ["id", "1", "2"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("indent", [None, 2])
def test_json_without_end_is_a_clear_error(indent):
    value: list = []
    for _ in range(1020):
        value = [value]
    with pytest.raises(UnexpectedAnswer, match="nested too deep"):
        json_text(value, indent=indent)
