import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import Audited, ConfigError, Finding
from connectors.paligo.audit import KINDS, content_audit

NOW = 1_800_000_000
DAY = 86_400
IMAGE = "UUID-14c9b5aa-058a-4a8a-d443-8e326be84796"
NAMESPACES = (
    'xmlns="http://docbook.org/ns/docbook" xmlns:xinfo="http://ns.expertinfo.se/cms/xmlns/1.0" '
    'xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def uuid(number: int) -> str:
    return f"UUID-00000000-0000-4000-8000-{number:012x}"


def document(number: int, body: str = "", *, title: str | None = None, **fields: Any) -> dict[str, Any]:
    name = title or f"Topic {number}"
    content = f'<section {NAMESPACES} xml:id="{uuid(number)}"><title>{name}</title>{body}</section>'
    return {"id": str(number), "name": name, "uuid": uuid(number), "type": "component", "content": content, **fields}


def publication(number: int) -> dict[str, Any]:
    return document(number, type="publication", subtype="publication")


def fork(number: int, document: Any) -> dict[str, Any]:
    return {"id": str(number), "uuid": uuid(number), "document": document}


def xref(target: object) -> str:
    return f'<para><xref xlink:href="urn:resource:component:{target}"/></para>'


def include(number: int) -> str:
    return f'<xi:include href="{uuid(number)}"/>'


def picture(image: str) -> str:
    return f'<mediaobject><imageobject><imagedata fileref="../images/{image}/size/hpr"/></imageobject></mediaobject>'


class Stored:
    def __init__(self, **models: list[Mapping[str, Any]]) -> None:
        self.models = models

    def records(self, model: str) -> Iterator[Mapping[str, Any]]:
        yield from self.models.get(model, [])

    def audit(self, kind: str | None = None, **given: Any) -> list[Finding]:
        config, metadata = {"instance": "acme"}, given.pop("metadata", {})
        found = list(content_audit.function(Audited(self.records, config, metadata, given.pop("now", NOW), **given)))
        return [each for each in found if kind is None or each.kind == kind]


def complete(*documents: Mapping[str, Any]) -> Stored:
    """Everything that these documents can be checked against is stored."""
    return Stored(Document=list(documents), Fork=[fork(1001, 1)], Image=[])


def test_an_account_in_order_has_no_findings():
    documents = [publication(1), document(2, xref(3)), document(3, xref(2) + picture(IMAGE))]
    stored = Stored(
        Document=documents,
        Fork=[fork(11, {"id": 2}), fork(12, {"id": 3})],
        Image=[{"id": "51", "name": "front.png", "uuid": IMAGE}],
    )
    assert stored.audit() == []


def test_a_cross_reference_to_a_missing_document_names_place_and_editor():
    (found,) = complete(document(2, xref(99) + xref(99))).audit("missing-cross-reference")
    assert (found.severity, found.document_id, found.title, found.target) == ("error", "2", "Topic 2", "99")
    assert found.where == "/section/para[1]/xref[1] (line 1)"
    assert found.link == "https://acme.paligoapp.com/document/edit/2"
    assert found.message == "the cross-reference to 99 leads to no document that is stored (2 times)"


@pytest.mark.parametrize("target", [3, uuid(3), uuid(3).upper().replace("UUID-", "UUID-"), 11, uuid(11)])
def test_a_cross_reference_by_id_or_uuid_of_a_document_or_its_fork_leads_there(target):
    stored = Stored(Document=[document(2, xref(target)), document(3)], Fork=[fork(11, {"id": 3})])
    assert stored.audit("missing-cross-reference") == []


def test_reuse_of_a_missing_document_is_found():
    (found,) = Stored(Document=[document(2, include(99))]).audit("missing-reuse")
    assert (found.document_id, found.target, found.where) == ("2", uuid(99), "/section/include[1] (line 1)")


@pytest.mark.parametrize(
    "link",
    ['<xref linkend="{}"/>', '<link xlink:href="#{}">x</link>', '<xref xlink:href="urn:resource:component:3#{}"/>'],
)
def test_a_link_to_a_place_that_no_document_has_is_dead(link):
    body = f"<para>{link.format('gone')}{link.format('here')}{link.format('there')}{link.format(uuid(3))}</para>"
    here, there = '<para xml:id="here"/>', "<para xml:id = 'there'/>"
    found = complete(document(2, body + here), document(3, there)).audit("dead-internal-link")
    assert [(each.document_id, each.target, each.severity) for each in found] == [("2", "gone", "error")]
    assert found[0].title == "Topic 2"


def test_documents_in_no_publication_are_those_that_none_reaches():
    stored = Stored(
        Document=[
            publication(1),
            document(2, include(3)),
            document(3, include(4)),
            document(4),
            document(5, include(6)),
            document(6),
            document(7),
        ],
        Fork=[fork(11, {"id": 2, "name": "x"}), fork(12, 7)],
    )
    assert [each.document_id for each in stored.audit("in-no-publication")] == ["5", "6"]


def test_reuse_in_a_circle_ends():
    stored = Stored(Document=[document(2, include(3)), document(3, include(2))], Fork=[fork(11, {"id": 9})])
    assert [each.document_id for each in stored.audit("in-no-publication")] == ["2", "3"]


def test_without_forks_and_images_it_says_what_it_cannot_know():
    found = Stored(Document=[document(2)]).audit()
    assert [(each.kind, each.severity, each.document_id) for each in found] == [("not-checked", "notice", None)] * 2
    assert ("sync forks" in found[0].message, found[0].target) == (True, "in-no-publication")
    assert ("sync images" in found[1].message, found[1].target) == (True, "unused-image")


def test_without_forks_what_leads_nowhere_may_lead_to_one_and_is_no_error():
    body = xref(99) + include(98) + '<para><xref linkend="x"/></para>'
    found = Stored(Document=[document(2, body)]).audit()
    doubtful = [each for each in found if each.kind != "not-checked"]
    assert {each.kind for each in doubtful} == {"missing-cross-reference", "missing-reuse", "dead-internal-link"}
    assert {each.severity for each in doubtful} == {"warning"}
    assert all(
        each.message.endswith("no forks are stored, and it may be one: run the sync forks first") for each in doubtful
    )
    again = [each for each in complete(document(2, body)).audit() if each.severity == "error"]
    assert {each.id for each in again} == {each.id for each in doubtful}


def test_an_image_without_a_uuid_is_not_called_unused():
    images = [{"id": str(number), "name": "x.png", "uuid": None} for number in range(51, 59)]
    stored = Stored(Document=[document(2)], Image=images, VariableValue=[{"id": "1", "value": {"id": 51}}])
    assert stored.audit("unused-image") == []
    (found,) = [each for each in stored.audit("not-checked") if each.target == "unused-image"]
    assert found.message == "images without a UUID cannot be told from unused ones: 7 (52, 53, 54, 55, 56 …)"


def test_titles_that_are_there_twice_name_one_another():
    stored = Stored(
        Document=[
            document(2, title="Safety"),
            document(3, title="safety "),
            document(4, title="Other"),
            document(5, title="Safety", type="publication"),
        ]
    )
    found = stored.audit("duplicate-title")
    assert [(each.document_id, each.message) for each in found] == [
        ("2", 'the title "safety" is also that of 3'),
        ("3", 'the title "safety" is also that of 2'),
    ]


def test_many_documents_of_one_title_are_counted_not_listed():
    found = Stored(Document=[document(number, title="Safety") for number in range(2, 12)]).audit("duplicate-title")
    assert len(found) == 10
    assert found[0].message == 'the title "Safety" is also that of 3, 4, 5, 6, 7 and 4 more'
    assert found[9].message == 'the title "Safety" is also that of 2, 3, 4, 5, 6 and 4 more'


def test_the_title_that_was_compared_is_the_one_in_the_xml():
    stored = Stored(Document=[document(2, title="Safety") | {"name": "A"}, document(3, title="Safety") | {"name": "B"}])
    assert [(each.title, each.message[:18]) for each in stored.audit("duplicate-title")] == [
        ("A", 'the title "Safety"'),
        ("B", 'the title "Safety"'),
    ]


def test_a_long_title_is_cut_off_in_the_message():
    (found, _) = Stored(Document=[document(number, title="x" * 500) for number in (2, 3)]).audit("duplicate-title")
    assert found.message == f'the title "{"x" * 80}…" is also that of 3'


def test_an_image_is_used_by_documents_and_by_variables():
    images = [{"id": str(number), "name": f"{number}.png", "uuid": uuid(number)} for number in (51, 52, 53, 54)]
    stored = Stored(
        Document=[document(2, picture(uuid(51))), {**document(3), "content": f"<broken {uuid(52)}"}],
        Image=images,
        VariableValue=[{"id": "1", "value": {"id": 53}}, {"id": "2", "value": "text"}],
    )
    (found,) = stored.audit("unused-image")
    assert (found.target, found.title, found.document_id, found.severity) == (uuid(54), "54.png", None, "warning")


def test_content_that_cannot_be_read_is_a_finding_and_nothing_more():
    stored = Stored(Document=[{**document(2), "content": "<section>\n<para></section>"}, document(3, xref(2))])
    (found,) = stored.audit("unreadable-content")
    assert (found.document_id, found.where, found.severity) == ("2", "line 2", "error")
    assert stored.audit("missing-cross-reference") == []


@pytest.mark.parametrize("content", ["", None])
def test_a_document_without_content_is_no_finding(content):
    stored = Stored(
        Document=[{**document(2), "content": content}, {**document(3, title="Topic 2"), "content": content}]
    )
    assert [each.kind for each in stored.audit() if each.kind != "not-checked"] == ["duplicate-title"] * 2


def checked_out(**fields: Any) -> dict[str, Any]:
    return document(2, checkout=True, checkout_user=3, **fields)


def test_a_check_out_that_was_never_seen_begins_now_and_is_a_notice():
    (found,) = Stored(Document=[checked_out()], User=[{"id": "3", "name": "Jane Doe"}]).audit("checked-out")
    assert (found.severity, found.since, found.target) == ("notice", NOW, "3")
    assert found.message == "checked out by Jane Doe (user 3), seen so since 2027-01-15"


@pytest.mark.parametrize(("days", "severity"), [(13, "notice"), (14, "warning"), (400, "warning")])
def test_a_check_out_that_lasts_is_a_warning(days, severity):
    first = Stored(Document=[checked_out()]).audit("checked-out", now=NOW - days * DAY)
    again = Stored(Document=[checked_out()], Finding=[each.to_dict() for each in first]).audit("checked-out")
    assert [(each.severity, each.since) for each in again] == [(severity, NOW - days * DAY)]
    assert again[0].id == first[0].id


def test_without_an_earlier_audit_the_records_own_history_counts():
    history = {"_metadata": {"last_modified_at": "2027-01-05T08:00:00.000Z"}}
    (found,) = Stored(Document=[checked_out() | history]).audit("checked-out", checked_out_days=10)
    assert (found.severity, found.message) == ("warning", "checked out by user 3, seen so since 2027-01-05")


def test_another_user_begins_anew():
    first = Stored(Document=[checked_out()]).audit("checked-out", now=NOW - 100 * DAY)
    other = document(2, checkout="true", checkout_user="5")
    (found,) = Stored(Document=[other], Finding=[each.to_dict() for each in first]).audit("checked-out")
    assert (found.since, found.target) == (NOW, "5")


@pytest.mark.parametrize("fields", [{"checkout": False}, {"checkout": "false"}, {"checkout": ""}, {}])
def test_a_document_that_is_free_is_no_finding(fields):
    assert Stored(Document=[document(2, **fields)]).audit("checked-out") == []


def test_the_days_come_from_the_option_then_the_metadata_then_fourteen():
    history = {"_metadata": {"last_modified_at": "2027-01-10T08:00:00.000Z"}}  # five days before
    stored = Stored(Document=[checked_out() | history])
    metadata = {"checked_out_days": 3}
    assert [each.severity for each in stored.audit("checked-out", metadata=metadata)] == ["warning"]
    assert [each.severity for each in stored.audit("checked-out", metadata=metadata, checked_out_days=9)] == ["notice"]
    assert [each.severity for each in stored.audit("checked-out")] == ["notice"]


@pytest.mark.parametrize("days", ["soon", -1, True, [], 1e9, float("nan")])
def test_days_that_are_none_are_refused(days):
    with pytest.raises(ConfigError, match="number of days"):
        Stored().audit(metadata={"checked_out_days": days})


def test_where_only_a_part_is_stored_nothing_is_said_about_what_leads_out():
    stored = Stored(
        Document=[document(2, xref(99) + include(98) + '<para><xref linkend="x"/></para>')],
        Fork=[fork(11, 1)],
        Image=[{"id": "51", "uuid": uuid(51)}],
    )
    found = stored.audit(metadata={"folders": [317]})
    assert {each.kind for each in found} == {"not-checked"}
    assert [each.target for each in found] == [
        "missing-cross-reference",
        "missing-reuse",
        "dead-internal-link",
        "in-no-publication",
        "unused-image",
    ]


def test_findings_keep_their_ids_when_the_document_is_edited_around_them():
    (before,) = Stored(Document=[document(2, xref(99))]).audit("missing-cross-reference")
    (after,) = Stored(Document=[document(2, f"<para>new</para>{xref(99)}", title="New")]).audit(
        "missing-cross-reference"
    )
    assert before.id == after.id
    assert before.where != after.where


def test_every_kind_is_explained_and_no_id_comes_twice():
    stored = Stored(
        Document=[
            document(2, xref(99) + include(98) + '<para><xref linkend="x"/><xref linkend="y"/></para>', title="A"),
            document(3, title="A"),
            checked_out() | {"id": "4"},
            {**document(5), "content": "<"},
        ],
        Fork=[fork(11, 1)],
    )
    found = stored.audit() + Stored(Image=[{"id": "51", "uuid": uuid(51)}]).audit("unused-image")
    assert {each.kind for each in found} == set(KINDS)
    assert len({each.id for each in found}) == len(found)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["xref", "include"]), st.integers(1, 12)), max_size=20))
def test_missing_is_exactly_what_leads_to_no_document(edges):
    bodies: dict[int, str] = {}
    for source, how, target in edges:
        bodies[source] = bodies.get(source, "") + (xref(target) if how == "xref" else include(target))
    stored = Stored(Document=[document(number, bodies.get(number, "")) for number in range(1, 9)])
    found = {(int(each.document_id or 0), each.kind) for each in stored.audit() if each.kind.startswith("missing-")}
    kinds = {"xref": "missing-cross-reference", "include": "missing-reuse"}
    assert found == {(source, kinds[how]) for source, how, target in edges if target > 8}


def test_memory_grows_with_ids_not_with_content():
    def peak(size: int) -> int:
        def records(model: str) -> Iterator[Mapping[str, Any]]:
            if model == "Document":
                yield from (document(number, f"<para>{'x' * size}</para>" + xref(number)) for number in range(1, 301))

        tracemalloc.start()
        try:
            for _ in content_audit.function(Audited(records, {"instance": "acme"}, {}, NOW)):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(50_000) - peak(10) < 1_000_000  # 300 contents together are 15 MB
