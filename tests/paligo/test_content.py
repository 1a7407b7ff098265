import json

import pytest

from connectors.paligo.content import CrossReference, read
from connectors.paligo.emulator import Account

NAMESPACES = (
    'xmlns="http://docbook.org/ns/docbook" xmlns:xinfo="http://ns.expertinfo.se/cms/xmlns/1.0" '
    'xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:mml="http://www.w3.org/1998/Math/MathML"'
)
TOPIC = "UUID-3f0c1a52-77d1-4c0e-9a64-0b5f2d1e8c11"
OTHER = "UUID-9c1e7a90-2f35-4d1c-8e61-7d3a5b0c4f22"
IMAGE = "UUID-14c9b5aa-058a-4a8a-d443-8e326be84796"


def section(body: str, *, title: str = "Install the pump", name: str = "section") -> str:
    head = f'<{name} {NAMESPACES} version="5.0" xml:lang="en" xml:id="{TOPIC}" xinfo:resource="{TOPIC}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<title xinfo:text="60">{title}</title>{body}</{name}>'


def text(body: str) -> str:
    return read(section(body)).text


def test_every_document_of_the_emulators_sample_can_be_read():
    rows = Account.generate(documents=60).truth("documents")
    for row in rows:
        content = read(row["content"])
        assert (content.title, content.language) == (row["name"], "en")
        assert row["uuid"] in content.anchors
        assert bool(content.text) == (row["subtype"] != "publication")
    assert any(read(row["content"]).images for row in rows)
    assert any(read(row["content"]).cross_references for row in rows)


def test_the_title_is_apart_from_the_text_and_headings_below_are_part_of_it():
    content = read(section("<para>One.</para><section><title>Below</title><para>Two.</para></section>"))
    assert content.title == "Install the pump"
    assert content.text == "One.\n\nBelow\n\nTwo."


def test_the_title_of_a_publication_stands_in_its_info():
    xml = f"<article {NAMESPACES}><info><title>Pump <emphasis>guide</emphasis></title></info></article>"
    assert (read(xml).title, read(xml).text) == ("Pump guide", "")


def test_blanks_and_line_breaks_of_the_xml_are_one_blank():
    assert text("<para>\n   Switch\t off\n the   machine.\n</para>\n<para>Wait.</para>") == (
        "Switch off the machine.\n\nWait."
    )


def test_emphasis_and_its_like_do_not_break_a_line():
    body = "<para>Press <guilabel>Start</guilabel>, H<subscript>2</subscript>O, <code>x</code>.</para>"
    assert text(body) == "Press Start, H2O, x."


def test_keys_and_menus_are_joined_as_they_are_read():
    keys = "<keycombo><keycap>Ctrl</keycap> <keycap>C</keycap></keycombo>"
    menu = "<menuchoice>\n<guimenu>File</guimenu>\n<guimenuitem>Save</guimenuitem></menuchoice>"
    assert text(f"<para>{keys} or {menu}</para>") == "Ctrl+C or File > Save"


def test_lists_have_markers_and_move_to_the_right():
    inner = "<orderedlist><listitem><para>B1</para></listitem><listitem><para>B2</para></listitem></orderedlist>"
    body = (
        "<para>Before</para><itemizedlist><listitem><para>A</para><para>more of A</para></listitem>"
        f"<listitem><para>B</para>{inner}</listitem></itemizedlist><para>After</para>"
    )
    assert text(body) == "Before\n\n- A\n\n  more of A\n- B\n  1. B1\n  2. B2\n\nAfter"


def test_steps_of_a_procedure_are_counted():
    body = "<procedure><step><para>Off</para><substeps><step><para>a</para></step></substeps></step>"
    assert text(f"{body}<step><para>On</para></step></procedure>") == "1. Off\n  1. a\n2. On"


def test_terms_and_what_they_mean_follow_one_another():
    entry = "<varlistentry><term>{}</term><listitem><para>{}</para></listitem></varlistentry>"
    body = f"<variablelist>{entry.format('T1', 'm1')}{entry.format('T2', 'm2')}</variablelist>"
    assert text(body) == "T1\n\nm1\n\nT2\n\nm2"


@pytest.mark.parametrize(("row", "cell"), [("tr", "td"), ("row", "entry")], ids=["html", "cals"])
def test_a_table_is_a_line_for_each_row(row, cell):
    def line(*cells: str) -> str:
        return f"<{row}>{''.join(f'<{cell}>{each}</{cell}>' for each in cells)}</{row}>"

    table = line("Name", "Value") + line("<para>A</para><para>B</para>", "1") + line("", "2") + line("3", "")
    body = f"<para>See:</para><informaltable><tbody>{table}</tbody></informaltable><para>Done.</para>"
    assert text(body) == "See:\n\nName | Value\nA B | 1\n | 2\n3 |\n\nDone."


def test_code_keeps_its_blanks_and_lines():
    assert text("<programlisting>\ndef f():\n    return 1\n\n  # &lt;end&gt;\n</programlisting><para>x</para>") == (
        "def f():\n    return 1\n\n  # <end>\n\nx"
    )


def test_a_footnote_stands_in_brackets_where_it_is_called():
    assert text("<para>Off<footnote><para>At the wall.</para></footnote>, then on.</para>") == (
        "Off (At the wall.), then on."
    )


def test_warnings_are_read_with_their_titles():
    assert text("<warning><title>Hot</title><para>Do not touch.</para></warning>") == "Hot\n\nDo not touch."


def test_index_terms_comments_and_fallbacks_are_not_read():
    body = (
        "<para>A<indexterm><primary>pump</primary></indexterm><remark>ask Jane</remark> b</para>"
        f'<xi:include href="{OTHER}"><xi:fallback><para>nothing</para></xi:fallback></xi:include>'
        "<!-- no --><?pi no?>"
    )
    assert text(body) == "A b"


def test_the_description_of_an_image_is_read_where_it_stands():
    shown = f'<imageobject><imagedata fileref="../images/{IMAGE}/size/hpr" xinfo:image="{IMAGE}"/></imageobject>'
    body = f"<mediaobject>{shown}<textobject><phrase>Front view</phrase></textobject></mediaobject>"
    content = read(section(body))
    assert content.text == "Front view"
    (image,) = content.images
    assert (image.uuid, image.fileref) == (IMAGE, f"../images/{IMAGE}/size/hpr")
    assert str(image.place) == "/section/mediaobject[1]/imageobject[1]/imagedata[1] (line 2)"


@pytest.mark.parametrize(
    ("attributes", "uuid", "fileref"),
    [
        (f'xinfo:image="{IMAGE}"', IMAGE, IMAGE),
        (f'fileref="{IMAGE}"', IMAGE, IMAGE),
        ('fileref="https://example.com/a.png"', None, "https://example.com/a.png"),
    ],
)
def test_an_image_is_known_by_either_attribute(attributes, uuid, fileref):
    (image,) = read(section(f"<para><imagedata {attributes}/></para>")).images
    assert (image.uuid, image.fileref) == (uuid, fileref)


@pytest.mark.parametrize(
    ("element", "document", "anchor"),
    [
        ('<xref xlink:href="urn:resource:component:48213"/>', "48213", None),
        ('<xref xlink:href="urn:resource:publication:3901"/>', "3901", None),
        ('<link xlink:href="urn:resource:component:48213#part">see</link>', "48213", "part"),
        (f'<xref xlink:href="{OTHER}"/>', OTHER, None),
        ('<xref linkend="part"/>', None, "part"),
        ('<link xlink:href="#part">see</link>', None, "part"),
    ],
)
def test_cross_references_lead_to_documents_and_to_places_in_them(element, document, anchor):
    content = read(section(f"<para>{element}</para>"))
    (found,) = content.cross_references
    assert (found.document, found.anchor) == (document, anchor)
    assert found.place.path.startswith("/section/para[1]/")
    assert content.links == ()


def test_links_out_have_their_text():
    body = (
        '<para>See <link xlink:href=" https://example.com/?a=1&amp;b=2 ">the <emphasis>site</emphasis></link>.</para>'
    )
    content = read(section(body))
    (link,) = content.links
    assert (link.href, link.text) == ("https://example.com/?a=1&b=2", "the site")
    assert content.text == "See the site."
    assert content.cross_references == ()


def test_a_link_without_an_address_is_none():
    content = read(section('<para><link xlink:href="">a</link><xref linkend=" "/></para>'))
    assert (content.links, content.cross_references, content.text) == ((), (), "a")


def test_reuse_names_what_is_included():
    body = f'<xi:include href="{OTHER}"/><xi:include href="urn:resource:component:7" xpointer="part"/><xi:include/>'
    found = read(section(body)).reuse
    assert [(each.target, each.anchor) for each in found] == [(OTHER, None), ("7", "part")]


def test_variables_are_named_and_have_no_value():
    content = read(section('<para>Set <phrase xinfo:variable="33" xinfo:varset="7"/> now.</para>'))
    (variable,) = content.variables
    assert (variable.variable, variable.variable_set) == ("33", "7")
    assert content.text == "Set now."


def test_the_prefixes_a_document_chose_do_not_matter():
    xml = (
        '<d:section xmlns:d="http://docbook.org/ns/docbook" xmlns:l="http://www.w3.org/1999/xlink">'
        '<d:title>T</d:title><d:para><d:xref l:href="urn:resource:component:7"/></d:para></d:section>'
    )
    content = read(xml)
    assert (content.title, content.cross_references[0].document) == ("T", "7")


def test_xml_without_a_namespace_is_read_too():
    assert read("<section><title>T</title><para>P</para></section>").text == "P"


def test_places_count_the_siblings_of_their_name():
    body = '<para>a</para><note><para><xref linkend="x"/></para></note><para>\n<xref linkend="y"/></para>'
    places = [reference.place for reference in read(section(body)).cross_references]
    assert [place.path for place in places] == ["/section/note[1]/para[1]/xref[1]", "/section/para[2]/xref[1]"]
    assert [place.line for place in places] == [2, 3]


def test_an_encoding_that_the_declaration_names_does_not_count():
    assert read('<?xml version="1.0" encoding="UTF-16"?><section><para>tätning – 漢字 😀</para></section>').text == (
        "tätning – 漢字 😀"
    )


def test_content_is_plain_data_for_json():
    body = f'<para xml:id="p"><xref linkend="p"/><imagedata xinfo:image="{IMAGE}"/></para>'
    plain = json.loads(json.dumps(read(section(body)).to_dict()))
    assert plain["cross_references"][0] == {
        "document": None,
        "anchor": "p",
        "text": "",
        "place": {"line": 2, "path": "/section/para[1]/xref[1]"},
    }
    assert plain["anchors"] == [TOPIC, "p"]
    assert isinstance(read(section(body)).cross_references[0], CrossReference)
