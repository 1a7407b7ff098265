from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import ContentError
from connectors.paligo.text_ids import check_ids, text_ids

XINFO = 'xmlns:xinfo="http://ns.expertinfo.se/cms/xmlns/1.0"'
IDS = st.lists(st.integers(1, 12).map(str), max_size=12)


def _xml(ids, prefix="xinfo"):
    space = XINFO.replace("xmlns:xinfo", f"xmlns:{prefix}")
    parts = "".join(f'<para {prefix}:text="{id_}">x</para>' for id_ in ids)
    return f"<section {space}>{parts}</section>"


@given(IDS)
def test_each_id_is_counted_under_whatever_prefix(ids):
    assert text_ids(_xml(ids)) == text_ids(_xml(ids, "cms")) == Counter(ids)


def test_an_attribute_of_another_namespace_is_no_text_id():
    assert text_ids('<a text="1" xmlns:x="http://else.example" x:text="2"/>') == Counter()


@given(IDS, st.data())
def test_leaving_out_is_always_allowed_and_told(ids, data):
    kept = [id_ for id_ in ids if data.draw(st.booleans())]
    assert set(check_ids(Counter(ids), Counter(kept))) == set(ids) - set(kept)


@given(IDS, IDS)
def test_whatever_was_not_there_or_not_so_often_is_refused(before, after):
    more = Counter(after) - Counter(before)
    if not more:
        check_ids(Counter(before), Counter(after))
        return
    with pytest.raises(ContentError) as caught:
        check_ids(Counter(before), Counter(after))
    assert {*caught.value.unknown_text_ids, *caught.value.doubled_text_ids} == set(more)
    assert not {*caught.value.unknown_text_ids} & {*before}


def test_ids_are_told_in_their_order():
    assert check_ids(Counter(["10", "9", "100"]), Counter()) == ["9", "10", "100"]
