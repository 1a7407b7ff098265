from __future__ import annotations

import pytest

from connectors import InvalidInput, NotFoundError, RejectedError, UnexpectedAnswer
from connectors.paligo.emulator import Account

PATH = "/api/v2/search/"


def test_a_document_is_read_with_its_content(actor):
    document = actor.emulator.truth("documents")[3]
    assert actor.do("get-document", id=document["id"]) == document
    assert actor.do("get-document", id=document["uuid"]) == document
    assert "<section" in document["content"]


def test_a_document_that_is_not_there_is_a_clear_error(actor):
    with pytest.raises(NotFoundError):
        actor.do("get-document", id=999_999)


def test_documents_are_found_by_conditions(actor):
    rows = actor.emulator.truth("documents")
    wanted = rows[5]
    where = [
        {"operator": "equals", "property": "name", "value": wanted["name"]},
        {"operator": "between", "property": "created_at", "start": 0, "end": wanted["created_at"]},
    ]
    output = actor.do("search", resource="documents", where=where)
    assert [item["id"] for item in output["items"]] == [wanted["id"]]
    assert output["more"] is False


@pytest.mark.parametrize("resource", ["documents", "forks", "taxonomies"])
def test_each_resource_can_be_listed_whole(actor, resource):
    output = actor.do("search", resource=resource)
    assert [item["id"] for item in output["items"]] == [row["id"] for row in actor.emulator.truth(resource)]


@pytest.mark.parametrize(("limit", "requests"), [(1, 1), (99, 1), (100, 2), (101, 2), (250, 3), (1000, 3)])
def test_no_more_pages_are_read_than_the_limit_takes(open_actor, limit, requests):
    actor = open_actor(Account.generate(documents=250))
    output = actor.do("search", resource="documents", limit=limit)
    assert len(output["items"]) == min(limit, 250)
    assert output["more"] is (limit < 250)
    assert len(actor.sent("POST", PATH)) == requests


@pytest.mark.parametrize("status", [404, 422])
def test_an_instance_without_search_says_so(actor, status):
    actor.emulator.change(search=status)
    with pytest.raises((NotFoundError, RejectedError)) as caught:
        actor.do("search", resource="documents")
    assert caught.value.status == status


@pytest.mark.parametrize("body", ["[]", "{}", '{"items": ""}', '{"items": [1]}'])
def test_an_answer_without_a_list_is_an_error(actor, body):
    actor.emulator.fault("status", "POST", PATH, status=201, body=body)
    with pytest.raises(UnexpectedAnswer):
        actor.do("search", resource="documents")


def test_a_search_only_reads_so_it_is_repeated(actor):
    actor.emulator.fault("reset", "POST", PATH)
    actor.emulator.fault("status", "POST", PATH, status=500)
    assert len(actor.do("search", resource="documents")["items"]) == 12


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ([{"operator": "equals", "property": "name"}], "equals takes value"),
        ([{"operator": "has", "property": "languages"}], "has takes value or values"),
        ([{"operator": "between", "property": "modified_at", "start": 1}], "between takes start and end"),
        ([{"operator": "before", "property": "modified_at", "value": 1, "end": 2}], "nothing else"),
        ([{"operator": "like", "property": "name", "value": "x"}], "operator"),
        ([{"operator": "equals", "value": "x"}], "property"),
        ([{"operator": "equals", "property": "name", "value": [1]}], "value"),
        ({"name": "x"}, "where"),
    ],
)
def test_conditions_that_cannot_be_are_refused_before_anything_is_sent(actor, where, why):
    with pytest.raises(InvalidInput, match=why):
        actor.do("search", resource="documents", where=where)
    assert actor.emulator.log == []


@pytest.mark.parametrize("pages", ['"inf"', '"nan"', "1" + "0" * 400, "null", "[1]"])
def test_a_count_of_pages_that_is_none_ends_the_search(actor, pages):
    body = f'{{"items": [{{"id": 1}}], "total_pages": {pages}}}'
    actor.emulator.fault("status", "POST", PATH, status=200, body=body)
    if pages.isdigit():
        actor.emulator.fault("status", "POST", PATH, status=200, body='{"items": []}')
    assert [item["id"] for item in actor.do("search", resource="documents", limit=150)["items"]] == [1]
