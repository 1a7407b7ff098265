"""XML of token requests and answers: as definitions write it, as their paths read it, and nothing from outside."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.runtime.auth.xml_text import NotXml, read, write

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")).map(str.strip)
TREES = st.dictionaries(
    NAMES,
    st.recursive(TEXTS, lambda inner: st.dictionaries(NAMES, inner, min_size=1), max_leaves=8),
    min_size=1,
    max_size=1,
)


class TestWriting:
    def test_keys_are_elements_in_order_dollars_attributes_and_lists_repetitions(self):
        tree = {"call": {"$id": 'a"b', "flag": False, "empty": "", "item": [1, "two"], "deep": {"x": "&<"}}}
        assert write(tree) == (
            '<call id="a&quot;b">\n  <flag>false</flag>\n  <empty></empty>\n  <item>1</item>\n  <item>two</item>\n'
            "  <deep>\n    <x>&amp;&lt;</x>\n  </deep>\n</call>\n"
        )

    def test_a_value_cannot_become_an_element(self):
        assert read(write({"a": {"b": "</b><admin>1</admin>"}})) == {"a": {"b": "</b><admin>1</admin>"}}

    @pytest.mark.parametrize("sign", ["\0", "\x1b", "\ufffe"])
    def test_a_sign_that_xml_cannot_hold_is_refused(self, sign):
        with pytest.raises(InputError, match="control character"):
            write({"a": {"password": f"p{sign}w"}})

    @given(TREES)
    def test_texts_are_read_back_as_written(self, tree):
        def as_text(value):
            return {k: as_text(v) for k, v in value.items()} if isinstance(value, dict) else str(value)

        found = read(write(tree))
        if not any(word in repr(tree).lower() for word in ("true", "false")):
            assert as_text(found) == as_text(tree)


class TestReading:
    def test_attributes_texts_repetitions_and_empty_elements_have_their_places(self):
        text = '<?xml version="1.0"?><r v="1"><b>x</b><b>y</b><c k="2">t</c><d/></r>'
        assert read(text) == {"r": {"@_v": "1", "b": ["x", "y"], "c": {"@_k": "2", "#text": "t"}, "d": ""}}

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("12", 12),
            ("-1.5", -1.5),
            ("true", True),
            ("007", "007"),
            ("1.50", "1.50"),
            ("9" * 20, "9" * 20),
            ("1e5", "1e5"),
        ],
    )
    def test_only_numbers_that_come_back_the_same_are_numbers(self, text, value):
        assert read(f"<a>{text}</a>") == {"a": value}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "no xml",
            "<a>",
            '{"a": 1}',
            '<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>',
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            "<a>&x;</a>",
            "<a>" * 5000 + "</a>" * 5000,
        ],
    )
    def test_a_document_type_and_what_is_no_xml_are_refused(self, text):
        with pytest.raises(NotXml):
            read(text)

    @given(st.text())
    def test_no_text_raises_anything_else(self, text):
        with contextlib.suppress(NotXml):
            read(text)
