import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import ContentError, UnsafeXml
from connectors.paligo.content import Content, read
from connectors.paligo.markup import Limits

BILLION_LAUGHS = (
    '<!DOCTYPE section [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><section>&c;</section>'
)
NAMES = """
section title info para itemizedlist orderedlist listitem variablelist procedure step informaltable tr td row entry
programlisting footnote note link xref emphasis keycombo keycap imagedata phrase unknown
"""
ELEMENTS = NAMES.split()


@pytest.mark.parametrize(
    "xml",
    [
        BILLION_LAUGHS,
        '<!DOCTYPE section SYSTEM "file:///etc/passwd"><section/>',
        '<!DOCTYPE section PUBLIC "x" "http://example.com/x.dtd"><section/>',
        '<!DOCTYPE section [<!ENTITY x SYSTEM "file:///etc/passwd">]><section>&x;</section>',
        '<!DOCTYPE section [<!ENTITY % x SYSTEM "http://example.com/x"> %x;]><section/>',
        '<?xml version="1.0"?>\n<!DOCTYPE section><section/>',
        '<!DOCTYPE section [<!ATTLIST section a CDATA "b">]><section/>',
    ],
    ids=["laughs", "file", "public", "entity of a file", "parameter entity", "plain", "attributes"],
)
def test_a_doctype_is_refused_whatever_it_holds(xml):
    with pytest.raises(UnsafeXml, match="DOCTYPE") as caught:
        read(xml)
    assert caught.value.code == "unsafe_xml"
    assert caught.value.line >= 1


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ("<section>&nbsp;</section>", "undefined entity"),
        ("<section>&a</section>", "not well-formed"),
        ("<section><para></section>", "mismatched tag"),
        ("<section/><section/>", "junk after document element"),
        ("<a:section/>", "unbound prefix"),
        ("text", "syntax error"),
        ('<section a="1" a="2"/>', "duplicate attribute"),
        ("<section>\x00</section>", "not well-formed"),
        ("<section>", "no element found"),
        ("<section>\ud800</section>", "half a character"),
        ("", "empty"),
        ("  \n", "empty"),
    ],
)
def test_what_is_no_xml_says_why_and_where(xml, why):
    with pytest.raises(ContentError, match=why) as caught:
        read(xml)
    assert not isinstance(caught.value, UnsafeXml)
    assert "line" not in caught.value.facts or caught.value.line == 1


@pytest.mark.parametrize(
    ("xml", "limits", "why"),
    [
        ("<a>" * 5 + "</a>" * 5, Limits(depth=4), "4 deep"),
        (f"<section>{'<a/>' * 10}</section>", Limits(elements=10), "10 elements"),
        ('<section a="1" b="2" c="3"/>', Limits(attributes=2), "2 attributes"),
        ("<section>é</section>", Limits(size=20), "21 bytes; at most 20"),
        (f"<section>{'<a/>' * 1000}</section>", Limits(seconds=-1), "longer than"),
        (f'<section xmlns:a="{"x" * 201}"/>', Limits(), "201 characters"),
    ],
    ids=["depth", "elements", "attributes", "size", "time", "namespace"],
)
def test_every_ceiling_is_a_clear_error(xml, limits, why):
    with pytest.raises(UnsafeXml, match=why):
        read(xml, limits=limits)


def test_the_ceilings_let_through_what_just_fits():
    assert read("<a>" * 4 + "</a>" * 4, limits=Limits(depth=4, elements=4, size=28)).text == ""


def test_the_usual_ceilings_stop_a_deep_document():
    with pytest.raises(UnsafeXml, match="deep"):
        read("<section>" * 100_000)


# Each of them once made such a reader slow, or its answer large.
@pytest.mark.parametrize(
    "xml",
    [
        "<section>" + "<footnote><para>x" * 90 + "y" * 300_000 + "</para></footnote>" * 90 + "</section>",
        "<section>" + "<table><tr><td>" * 60 + "y" * 300_000 + "</td></tr></table>" * 60 + "</section>",
        "<section>" + "<note><title>x" * 90 + "y" * 300_000 + "</title></note>" * 90 + "</section>",
        "<section>"
        + "<itemizedlist><listitem>" * 90
        + "<para>y</para>" * 20_000
        + "</listitem></itemizedlist>" * 90
        + "</section>",
        '<section xmlns:l="http://www.w3.org/1999/xlink">'
        + '<link l:href="a">' * 190
        + "y" * 300_000
        + "</link>" * 190
        + "</section>",
        "<section>" + '<xref linkend="a"/>' * 50_000 + "</section>",
        f'<section a="{"x" * 1_000_000}">{"&amp;" * 200_000}</section>',
    ],
    ids=["footnotes", "tables", "titles", "lists", "links", "references", "attribute"],
)
def test_nesting_does_not_multiply_work_or_text(xml):
    content = read(xml)
    assert len(content.text) <= 25 * len(xml)
    assert sum(len(link.text) for link in content.links) <= len(xml)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text):
    _read_or_refuse(text)


@settings(deadline=None)
@given(st.text(alphabet='<>/&;"=!-[]?CDATAxml:id #section' + "é\x00\n"))
def test_any_text_that_looks_like_xml_is_read_or_refused(text):
    _read_or_refuse(f"<section>{text}</section>")


def _trees() -> st.SearchStrategy[str]:
    names = st.sampled_from(ELEMENTS)
    words = st.sampled_from(["", " ", "word", "a\n b", "&amp;", "é"])
    places = st.sampled_from(["", ' xml:id="x"', ' linkend="x"', ' fileref="f"', ' l:href="urn:resource:component:7"'])

    def inside(trees: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        bodies = st.lists(st.one_of(trees, words), max_size=5).map("".join)
        return st.builds(lambda name, place, body: f"<{name}{place}>{body}</{name}>", names, places, bodies)

    return st.recursive(words, inside, max_leaves=30)


@settings(deadline=None)
@given(_trees())
def test_elements_in_any_order_lose_no_word(tree):
    content = read(f'<section xmlns:l="http://www.w3.org/1999/xlink">{tree}</section>')
    assert f"{content.title} {content.text}".count("word") == tree.count("word")
    assert content.text == content.text.rstrip()


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="￾￿"))))
def test_paragraphs_come_out_in_order_and_apart(paragraphs):
    escape = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;"})
    body = "".join(f"<para>{text.translate(escape)}</para>" for text in paragraphs)
    wanted = [text for each in paragraphs if (text := re.sub(r"[ \t\r\n]+", " ", each).strip(" ")).strip()]
    assert read(f"<section>{body}</section>").text == "\n\n".join(wanted)


def _read_or_refuse(xml: str) -> None:
    try:
        assert isinstance(read(xml), Content)
    except ContentError as error:
        assert error.message


def test_places_of_many_links_under_long_names_do_not_fill_the_memory():
    name, links = "n" * 20_000, 2_000
    xml = f"<{name}>" * 150 + "<link linkend='x'/>" * links + f"</{name}>" * 150
    tracemalloc.start()
    try:
        content = read(xml)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(content.cross_references) == links
    assert content.cross_references[-1].place.path.endswith(f"/link[{links}]")
    assert peak < 64 * 1024 * 1024
