"""Pages of records as the HTTP API reads them: cursors, times, kinds, ids; and emptying."""

from __future__ import annotations

from datetime import datetime

import pytest

from connectors.engine.record_pages import prune, read_page
from connectors.errors import BrokenCursor


@pytest.fixture
def stored(toy):
    return toy.host.connections.get("dev", "acme")


def ids(page):
    return [record["id"] for record in page.records]


def cursor(record):
    return record["_nango_metadata"]["cursor"]


def test_following_the_cursor_gives_every_record_once_in_the_order_of_their_changes(toy, stored):
    toy.fill(7)
    toy.run()
    seen, cursor = [], None
    while True:
        page = read_page(toy.host, stored, "Thing", cursor=cursor, limit=3)
        seen += ids(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"t{number:04}" for number in range(7)]


def test_a_page_that_is_just_full_has_no_next_cursor(toy, stored):
    toy.fill(3)
    toy.run()
    assert read_page(toy.host, stored, "Thing", limit=3).next_cursor is None


def test_a_record_says_what_became_of_it_last(toy, stored):
    toy.fill(3)
    toy.run()
    toy.clock.advance(60)
    toy.things["t0001"] |= {"name": "Other", "version": 2}
    del toy.things["t0002"]
    toy.run()
    actions = {each["id"]: each["_nango_metadata"] for each in read_page(toy.host, stored, "Thing").records}
    assert {id_: each["last_action"] for id_, each in actions.items()} == {
        "t0000": "ADDED",
        "t0001": "UPDATED",
        "t0002": "DELETED",
    }
    assert actions["t0002"]["deleted_at"] == actions["t0002"]["last_modified_at"]
    assert actions["t0001"]["first_seen_at"] < actions["t0001"]["last_modified_at"]
    assert actions["t0000"]["deleted_at"] is None
    assert actions["t0000"]["pruned_at"] is None


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"added"}, ["t0000"]),
        ({"updated"}, ["t0001"]),
        ({"deleted"}, ["t0002"]),
        ({"added", "deleted"}, ["t0000", "t0002"]),
        ({"updated", "deleted"}, ["t0001", "t0002"]),
        ({"added", "updated", "deleted"}, ["t0000", "t0001", "t0002"]),
    ],
)
def test_kinds_that_are_named_together_are_all_given(toy, stored, kinds, expected):
    toy.fill(3)
    toy.run()
    toy.things["t0001"] |= {"name": "Other", "version": 2}
    toy.run()
    del toy.things["t0002"]
    toy.run()
    assert ids(read_page(toy.host, stored, "Thing", kinds=kinds)) == expected


def test_modified_after_is_inclusive_at_the_precision_that_is_handed_out(toy, stored):
    toy.fill(5)
    toy.run()
    toy.clock.advance(100.123457)
    toy.things["t0003"] |= {"name": "Other", "version": 2}
    toy.run()
    (changed,) = read_page(toy.host, stored, "Thing", kinds={"updated"}).records
    time = datetime.fromisoformat(changed["_nango_metadata"]["last_modified_at"]).timestamp()
    assert ids(read_page(toy.host, stored, "Thing", modified_after=time)) == ["t0003"]
    assert ids(read_page(toy.host, stored, "Thing", modified_after=time + 0.00001)) == []
    assert len(read_page(toy.host, stored, "Thing", modified_after=0).records) == 5


def test_ids_choose_records_whatever_their_place(toy, stored):
    toy.fill(9)
    toy.run()
    page = read_page(toy.host, stored, "Thing", ids=["t0007", "t0001", "no-such"])
    assert ids(page) == ["t0001", "t0007"]


def test_a_model_that_nothing_was_written_to_is_empty(toy, stored):
    page = read_page(toy.host, stored, "Nothing")
    assert (page.records, page.next_cursor) == ([], None)


@pytest.mark.parametrize("broken", ["x", "", "MS45OTkuMQ", "é"])
def test_a_cursor_of_other_records_is_refused(toy, stored, broken):
    toy.fill(1)
    toy.run()
    with pytest.raises(BrokenCursor):
        read_page(toy.host, stored, "Thing", cursor=broken)


def test_an_old_cursor_reads_on_from_its_place_although_its_record_has_moved(toy, stored):
    toy.fill(3)
    toy.run()
    first = read_page(toy.host, stored, "Thing", limit=1).records[0]
    toy.things["t0000"] |= {"name": "Other", "version": 2}
    toy.run()
    assert ids(read_page(toy.host, stored, "Thing", cursor=cursor(first))) == ["t0001", "t0002", "t0000"]


def test_pruning_empties_payloads_up_to_a_cursor_and_keeps_ids_history_and_cursors(toy, stored):
    toy.fill(5)
    toy.run()
    before = read_page(toy.host, stored, "Thing").records
    pruned = prune(toy.host, stored, "Thing", until=cursor(before[3]), limit=3)
    assert (pruned.count, pruned.has_more) == (3, True)
    pruned = prune(toy.host, stored, "Thing", until=cursor(before[3]), limit=3)
    assert (pruned.count, pruned.has_more) == (1, False)
    after = read_page(toy.host, stored, "Thing").records
    assert [each.keys() for each in after[:4]] == [{"id", "_nango_metadata"}] * 4
    assert [each["name"] for each in after[4:]] == ["Thing 4"]
    for old, new in zip(before, after, strict=True):
        assert new["_nango_metadata"] | {"pruned_at": None} == old["_nango_metadata"]
    assert all(each["_nango_metadata"]["pruned_at"] for each in after[:4])


def test_the_next_run_fills_a_pruned_record_again_without_a_change(toy, stored):
    toy.fill(3)
    toy.run()
    before = read_page(toy.host, stored, "Thing").records
    prune(toy.host, stored, "Thing", until=cursor(before[1]))
    toy.clock.advance(60)
    report = toy.run()
    assert (report.counts.added, report.counts.updated, report.counts.unchanged) == (0, 0, 3)
    assert toy.reads == ["t0000", "t0001"]
    assert read_page(toy.host, stored, "Thing").records == before
