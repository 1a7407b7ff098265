from __future__ import annotations

import pytest

from connectors import Conflict, ContentError, InvalidInput, NotFoundError, OutcomeUnknown, UnexpectedAnswer, UnsafeXml

PATH = "/api/v2/documents/"


@pytest.fixture
def document(actor):
    """A topic nobody has, in the first stage, with the text ids 1 to 4."""
    rows = actor.emulator.truth("documents")
    return next(row for row in rows if row["type"] == "component" and not row["checkout"] and "mediaobject" not in row)


def _stored(actor, document):
    return next(row for row in actor.emulator.truth("documents") if row["id"] == document["id"])


def _update(actor, document, **changes):
    return actor.do("update-document", id=document["id"], **changes)


def test_a_change_is_written_and_read_again(actor, document):
    output = _update(actor, document, name="New name", expected_modified_at=document["modified_at"])
    assert output["document"] == _stored(actor, document)
    assert output["document"]["name"] == "New name"
    assert output["document"]["modified_at"] > document["modified_at"]
    assert [entry.method for entry in actor.emulator.log] == ["GET", "PUT", "GET"]


def test_only_what_is_given_changes(actor, document):
    _update(actor, document, custom_attributes=[{"name": "audience", "value": "service"}], force=True)
    changed = _stored(actor, document)
    assert changed | {"custom_attributes": [], "modified_at": 0} == document | {"modified_at": 0}


def test_a_uuid_names_the_document_too(actor, document):
    output = actor.do("update-document", id=document["uuid"], name="By UUID", force=True)
    assert output["document"]["id"] == document["id"]


def test_what_was_edited_meanwhile_is_not_overwritten(actor, document):
    actor.emulator.account.edit_document(document["id"], name="Somebody else's")
    with pytest.raises(Conflict) as caught:
        _update(actor, document, name="Mine", expected_modified_at=document["modified_at"])
    assert (caught.value.reason, caught.value.expected) == ("modified", document["modified_at"])
    assert caught.value.found == _stored(actor, document)["modified_at"]
    assert actor.sent("PUT") == []


def test_force_writes_over_what_was_edited_meanwhile(actor, document):
    actor.emulator.account.edit_document(document["id"], name="Somebody else's")
    _update(actor, document, name="Mine", force=True)
    assert _stored(actor, document)["name"] == "Mine"


@pytest.mark.parametrize("given", [{}, {"force": False}])
def test_without_a_time_or_force_nothing_is_sent(actor, document, given):
    with pytest.raises(InvalidInput, match="expected_modified_at"):
        _update(actor, document, name="Mine", **given)
    assert actor.emulator.log == []


def test_without_a_change_nothing_is_sent(actor, document):
    with pytest.raises(InvalidInput, match="nothing to change"):
        _update(actor, document, force=True)
    assert actor.emulator.log == []


@pytest.mark.parametrize("values", ["native", "strings"])
def test_a_document_that_somebody_has_checked_out_is_refused(open_actor, values):
    actor = open_actor(values=values)
    document = next(row for row in actor.emulator.truth("documents") if row["checkout_user"] not in ("", None))
    with pytest.raises(Conflict, match="checked out by the user 3") as caught:
        _update(actor, document, name="Mine", force=True)
    assert (caught.value.reason, str(caught.value.found)) == ("checked_out", "3")
    assert actor.sent("PUT") == []


def test_a_check_out_is_taken_away_only_by_force(actor):
    document = next(row for row in actor.emulator.truth("documents") if row["checkout"])
    with pytest.raises(Conflict, match="checked out"):
        _update(actor, document, checkout=False, expected_modified_at=document["modified_at"])
    _update(actor, document, checkout=False, force=True)
    assert _stored(actor, document)["checkout"] is False


@pytest.mark.parametrize("status", ["In review", "In translation", "Released", "Something of their own"])
def test_another_status_than_the_first_is_refused_unless_it_is_allowed(actor, document, status):
    actor.emulator.account.edit_document(document["id"], release_status=status)
    with pytest.raises(Conflict, match=status) as caught:
        _update(actor, document, name="Mine", force=True)
    assert (caught.value.reason, caught.value.found) == ("status", status)
    assert actor.sent("PUT") == []
    with pytest.raises(Conflict):
        _update(actor, document, name="Mine", force=True, allow_status=["Yet another"])
    _update(actor, document, name="Mine", force=True, allow_status=[status.upper()])
    assert _stored(actor, document)["name"] == "Mine"


def test_a_status_can_be_allowed_by_its_constant(actor, document):
    actor.emulator.account.edit_document(document["id"], release_status="Released")
    output = _update(
        actor, document, release_status="STATUS_NOT_RELEASED", force=True, allow_status=["STATUS_RELEASED"]
    )
    assert output["document"]["release_status"] == "Work in progress"


@pytest.mark.parametrize("content", ["<section>", "no XML", "<a/><b/>", "<section x:a='1'/>", "<p>&nbsp;</p>"])
def test_content_that_is_no_xml_is_refused_before_anything_is_sent(actor, document, content):
    with pytest.raises(ContentError):
        _update(actor, document, content=content, force=True)
    assert actor.emulator.log == []


def test_entity_tricks_are_refused_before_anything_is_sent(actor, document):
    content = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    with pytest.raises(UnsafeXml):
        _update(actor, document, content=content, force=True)
    assert actor.emulator.log == []


def test_content_that_keeps_its_text_ids_is_written(actor, document):
    content = document["content"].replace("</section>", "<para>A new one, without an id.</para></section>")
    output = _update(actor, document, content=content, expected_modified_at=document["modified_at"])
    assert output["vanished_text_ids"] == []
    assert output["document"]["content"] == content


def test_text_ids_that_the_document_does_not_have_are_refused(actor, document):
    content = document["content"].replace('xinfo:text="2"', 'xinfo:text="77"').replace('text="3"', 'text="101"')
    with pytest.raises(ContentError, match="no text with the id 77, 101") as caught:
        _update(actor, document, content=content, force=True)
    assert caught.value.unknown_text_ids == ["77", "101"]
    assert actor.sent("PUT") == []


def test_a_text_id_on_a_second_element_is_refused(actor, document):
    copied = '<para xinfo:text="2">A copy.</para></section>'
    with pytest.raises(ContentError, match="more than one element has the id 2") as caught:
        _update(actor, document, content=document["content"].replace("</section>", copied), force=True)
    assert caught.value.doubled_text_ids == ["2"]
    assert actor.sent("PUT") == []


def test_text_ids_that_vanish_are_reported(actor, document):
    content = document["content"].replace(' xinfo:text="2"', "").replace(' xinfo:text="4"', "")
    assert _update(actor, document, content=content, force=True)["vanished_text_ids"] == ["2", "4"]


def test_stored_content_that_cannot_be_read_stops_an_edit_of_the_content(actor, document):
    actor.emulator.account.edit_document(document["id"], content="<section>")
    with pytest.raises(Conflict, match="cannot be read as XML") as caught:
        _update(actor, document, content="<section/>", force=True)
    assert caught.value.reason == "content"
    _update(actor, document, name="Mine", force=True)
    assert _stored(actor, document)["name"] == "Mine"


def test_a_document_without_content_gets_its_first(actor, document):
    actor.emulator.account.edit_document(document["id"], content="")
    assert _update(actor, document, content="<section/>", force=True)["document"]["content"] == "<section/>"


def test_a_document_that_is_not_there_is_a_clear_error(actor):
    with pytest.raises(NotFoundError):
        actor.do("update-document", id=999_999, name="Mine", force=True)
    assert actor.sent("PUT") == []


@pytest.mark.parametrize(("fault", "seen"), [("truncated", "probably arrived"), ("reset", "still as it was")])
def test_a_write_whose_answer_is_lost_is_not_repeated_but_looked_at(actor, document, fault, seen):
    actor.emulator.fault(fault, "PUT", PATH)
    with pytest.raises(OutcomeUnknown, match=seen):
        _update(actor, document, name="Mine", force=True)
    assert len(actor.sent("PUT")) == 1


def test_a_lost_write_that_cannot_be_looked_at_says_so(actor, document):
    actor.emulator.fault("reset", "PUT", PATH)
    original = actor.emulator.respond

    def respond(request):
        answer = original(request)
        if request.method == "PUT":
            actor.emulator.fault("status", "GET", PATH, status=403, times=None)
        return answer

    actor.emulator.respond = respond
    with pytest.raises(OutcomeUnknown, match="could not be read again"):
        _update(actor, document, name="Mine", force=True)


def test_a_read_that_fails_after_the_write_says_that_it_was_written(actor, document):
    # The first read goes through, the one after the write does not.
    original = actor.emulator.account.edit_document

    def edited(*args, **changes):
        actor.emulator.fault("status", "GET", PATH, times=None, status=404)
        return original(*args, **changes)

    actor.emulator.account.edit_document = edited
    with pytest.raises(NotFoundError, match="had changed something") as caught:
        _update(actor, document, name="Mine", force=True)
    assert caught.value.changed == (f"PUT {PATH}{document['id']}",)
    assert _stored(actor, document)["name"] == "Mine"


def test_a_budget_that_is_spent_at_paligo_is_waited_for(actor, document):
    actor.emulator.fault("status", "PUT", PATH, status=429, headers={"Retry-After": "7"})
    _update(actor, document, name="Mine", force=True)
    assert len(actor.sent("PUT")) == 2
    assert sum(actor.clock.slept) >= 7
    assert _stored(actor, document)["name"] == "Mine"


def test_a_document_whose_content_is_no_text_is_not_written_over(actor, document):
    actor.emulator.fault("status", "GET", PATH, status=200, body='{"id": 1, "content": {"a": 1}}')
    with pytest.raises(UnexpectedAnswer, match="no text"):
        _update(actor, document, content="<section/>", force=True)
    assert actor.sent("PUT") == []
