"""What a run stores, counts and remembers."""

from __future__ import annotations

import pytest

from connectors.authoring import Checkpoint, Gone, Record, Seen, Skipped, StartOver
from connectors.engine.records import read_records
from connectors.errors import BrokenCursor, InvalidItem, ProviderError, RejectedError, TooLarge, UnknownFunction


def changes(toy, cursor=None):
    return list(read_records(toy.host, "dev", "acme", "Thing", cursor=cursor))


def test_first_run_adds_everything_and_second_reads_nothing(toy):
    toy.fill(250)
    first = toy.run()
    assert (first.state, first.added, first.unchanged) == ("success", 250, 0)
    assert toy.stored() == toy.things
    second = toy.run()
    assert (second.added, second.updated, second.unchanged, second.deleted) == (0, 0, 250, 0)
    assert toy.reads == []


def test_only_a_changed_version_is_read_again(toy):
    toy.fill(120)
    toy.run()
    toy.things["t0007"] |= {"name": "renamed", "version": 2}
    report = toy.run()
    assert toy.reads == ["t0007"]
    assert (report.updated, report.unchanged) == (1, 119)
    assert toy.stored()["t0007"]["name"] == "renamed"


def test_full_reads_everything_again_but_counts_only_differences(toy):
    toy.fill(5)
    toy.run()
    report = toy.run(full=True)
    assert len(toy.reads) == 5
    assert (report.updated, report.unchanged) == (0, 5)


def test_a_new_revision_makes_every_stored_version_stale(toy):
    toy.fill(5)
    toy.run()
    host = toy.open(toy.declare(revision=2))
    toy.run(host)
    assert len(toy.reads) == 5
    toy.run(host)
    assert toy.reads == []
    host.close()


def test_ids_seven_and_text_seven_are_one_record(toy):
    toy.script = lambda run: [{"id": 7, "name": "a"}]
    assert toy.run().added == 1
    toy.script = lambda run: [{"id": "7", "name": "a"}]
    assert toy.run().unchanged == 1
    assert toy.stored() == {"7": {"id": "7", "name": "a"}}


@pytest.mark.parametrize("id_", [None, True, 1.5, "", "x" * 257, "nul\0", "\ud800", ["a"]])
def test_an_unusable_id_fails_the_run_and_keeps_what_came_before(toy, id_):
    toy.script = lambda run: [{"id": "good", "name": "a"}, {"id": id_, "name": "b"}]
    report = toy.run()
    assert (report.state, report.error["code"]) == ("failed", InvalidItem.code)
    assert list(toy.stored()) == ["good"]


def test_an_id_counts_once_in_a_pass_and_the_last_form_is_kept(toy):
    toy.script = lambda run: [{"id": "a", "name": "1"}, {"id": "b", "name": "1"}, {"id": "a", "name": "2"}]
    assert toy.run().added == 2
    assert toy.stored()["a"]["name"] == "2"


def test_volatile_fields_are_stored_but_make_no_change(toy):
    host = toy.open(toy.declare(volatile=("seen_at",)))
    toy.script = lambda run: [{"id": "a", "name": "x", "seen_at": 1}]
    toy.run(host)
    [before] = changes(toy)
    toy.script = lambda run: [{"id": "a", "name": "x", "seen_at": 2}]
    assert toy.run(host).unchanged == 1
    [after] = changes(toy)
    assert after.data["seen_at"] == 2
    assert (after.cursor, after.last_modified_at) == (before.cursor, before.last_modified_at)
    host.close()


def test_a_record_that_breaks_its_schema_is_set_aside_and_not_read_again_until_it_changes(toy):
    toy.fill(3)
    toy.things["t0001"]["name"] = 5
    first = toy.run()
    assert (first.state, first.added, first.rejected) == ("success", 2, 1)
    second = toy.run()
    assert (second.rejected, second.unchanged, toy.reads) == (1, 2, [])
    toy.things["t0001"] |= {"name": "mended", "version": 2}
    third = toy.run()
    assert (third.added, third.rejected, toy.reads) == (1, 0, ["t0001"])


def test_a_stored_record_stays_when_its_new_form_breaks_the_schema(toy):
    toy.fill(2)
    toy.run()
    good = dict(toy.things["t0001"])
    toy.things["t0001"] = {**good, "name": 5, "version": 2}
    assert toy.run().rejected == 1
    assert toy.stored()["t0001"] == good


def test_validate_ends_the_run_at_the_first_record_that_breaks_its_schema(toy):
    toy.script = lambda run: [{"id": "a", "name": "x"}, {"id": "b"}, {"id": "c", "name": "x"}]
    report = toy.run(validate=True)
    assert (report.state, report.error["code"]) == ("failed", "record_invalid")
    assert "b" in report.error["message"]
    assert list(toy.stored()) == ["a"]


def test_what_was_yielded_before_an_exception_is_saved_and_nothing_is_deleted(toy):
    toy.fill(3)
    toy.run()

    def broken(run):
        yield {"id": "new", "name": "n"}
        raise ProviderError("down", status=500)

    toy.script = broken
    report = toy.run()
    assert (report.state, report.added, report.deleted) == ("failed", 1, 0)
    assert len(toy.stored()) == 4


def test_an_exception_of_the_authors_own_is_reported_without_a_traceback(toy):
    def broken(run):
        yield {"id": "a", "name": "n"}
        raise KeyError("oops")

    toy.script = broken
    report = toy.run()
    assert report.state == "failed"
    assert "KeyError" in report.error["message"]


def test_a_deleted_record_that_comes_back_is_added_again(toy):
    toy.fill(3)
    toy.run()
    kept = toy.things.pop("t0001")
    assert toy.run().deleted == 1
    toy.things["t0001"] = kept
    assert toy.run().added == 1
    assert changes(toy)[-1].last_action == "ADDED"


def test_gone_deletes_at_once_and_keeps_the_last_form(toy):
    toy.fill(2)
    toy.run()
    toy.script = lambda run: [Gone("t0000"), Seen("t0001")]
    assert toy.run().deleted == 1
    gone = next(record for record in changes(toy) if record.id == "t0000")
    assert (gone.last_action, gone.data["name"]) == ("DELETED", "Thing 0")


def test_seen_and_skipped_by_parent_keep_all_records_of_that_parent(toy):
    toy.script = lambda run: [Record({"id": f"{p}{n}", "name": "x"}, parent=p) for p in "abc" for n in range(3)]
    toy.run()
    toy.script = lambda run: [
        Seen(parent="a"),
        Skipped("500", parent="b"),
        Record({"id": "c0", "name": "x"}, parent="c"),
    ]
    report = toy.run()
    assert (report.deleted, report.skipped) == (2, 1)
    assert set(toy.stored()) == {"a0", "a1", "a2", "b0", "b1", "b2", "c0"}


def test_skipped_without_id_or_parent_suspends_deletions_and_says_why(toy):
    toy.fill(3)
    toy.run()
    toy.script = lambda run: [Skipped("the list was cut off")]
    report = toy.run()
    assert (report.state, report.deleted) == ("success", 0)
    assert any("the list was cut off" in note for note in report.notes)


def test_explicit_deletes_never_delete_by_absence(toy):
    toy.fill(3)
    host = toy.open(toy.declare(deletes="explicit"))
    toy.run(host)
    toy.things.clear()
    report = toy.run(host)
    assert (report.state, report.deleted, len(toy.stored())) == ("success", 0, 3)
    host.close()


def test_a_cursor_follows_every_change_in_order(toy):
    toy.fill(3)
    toy.run()
    cursor = changes(toy)[-1].cursor
    assert changes(toy, cursor) == []
    toy.things["t0001"] |= {"name": "n", "version": 2}
    del toy.things["t0002"]
    toy.run()
    later = changes(toy, cursor)
    assert [(record.id, record.last_action) for record in later] == [("t0001", "UPDATED"), ("t0002", "DELETED")]


@pytest.mark.parametrize("cursor", ["", "x", "bm9uc2Vuc2U", "MS45OTkuMQ", "é", "1.1.1"])
def test_a_cursor_that_was_not_given_out_is_refused(toy, cursor):
    toy.fill(1)
    toy.run()
    with pytest.raises(BrokenCursor):
        changes(toy, cursor)


def test_an_unknown_model_names_those_there_are(toy):
    with pytest.raises(UnknownFunction, match="Thing"):
        list(read_records(toy.host, "dev", "acme", "Other"))


def test_a_checkpoint_is_kept_and_absence_then_means_nothing(toy):
    toy.script = lambda run: [{"id": "a", "name": "x"}, Checkpoint({"page": 1})]
    assert toy.run().added == 1
    seen = []

    def second(run):
        seen.append(run.checkpoint)
        yield {"id": "b", "name": "x"}

    toy.script = second
    report = toy.run()
    assert seen == [{"page": 1}]
    assert (report.added, report.deleted) == (1, 0)


def test_a_pass_that_began_whole_deletes_even_when_a_later_run_ends_it(toy):
    toy.fill(3)
    toy.run()

    def first_half(run):
        yield Seen("t0000")
        yield Checkpoint({"at": 1})
        raise ProviderError("down", status=500)

    toy.script = first_half
    toy.run()
    toy.script = lambda run: [Seen("t0001")]
    report = toy.run()
    assert (report.state, report.deleted) == ("success", 1)
    assert set(toy.stored()) == {"t0000", "t0001"}


def test_start_over_forgets_the_checkpoint_and_lists_again(toy):
    toy.script = lambda run: [{"id": "a", "name": "x"}, {"id": "old", "name": "x"}, Checkpoint({"page": 9})]
    toy.run()
    told = []

    def script(run):
        told.append(run.checkpoint)
        if run.checkpoint:
            raise StartOver
        yield {"id": "a", "name": "x"}

    toy.script = script
    report = toy.run()
    assert told == [{"page": 9}, None]
    assert (report.state, report.deleted) == ("success", 1)


def test_start_over_again_and_again_is_an_error(toy):
    def script(run):
        yield {"id": "a", "name": "x"}
        raise StartOver

    toy.script = script
    assert toy.run().state == "failed"


def test_limit_stops_early_and_deletes_nothing(toy):
    toy.fill(30)
    toy.run()
    toy.things = dict(list(toy.things.items())[:25])
    report = toy.run(limit=10)
    assert (report.state, report.deleted) == ("limited", 0)
    assert len(toy.stored()) == 30


def test_reads_that_fail_one_by_one_keep_what_is_stored(toy):
    toy.fill(20)
    toy.run()
    for thing in toy.things.values():
        thing["version"] = 2

    def read(stub):
        if stub["id"] == "t0003":
            raise ProviderError("oops", status=500)
        return {**toy.things[stub["id"]], "name": "new"}

    toy.script = lambda run: run.refresh(list(toy.things.values()), read, version=lambda stub: stub["version"])
    report = toy.run()
    assert (report.state, report.updated, report.skipped, report.deleted) == ("success", 19, 1, 0)
    assert report.unchanged == 0
    assert toy.stored()["t0003"]["name"] == "Thing 3"


def test_a_provider_that_fails_every_read_ends_the_run(toy):
    toy.fill(100)
    calls = []

    def read(stub):
        calls.append(stub["id"])
        raise ProviderError("oops", status=500)

    toy.script = lambda run: run.refresh(list(toy.things.values()), read, version=lambda stub: stub["version"])
    report = toy.run()
    assert (report.state, report.error["code"]) == ("failed", "provider_failed")
    assert len(calls) < 20


@pytest.mark.parametrize(
    "error", [RejectedError("locked", status=423), TooLarge("a gigabyte")], ids=["423", "too large"]
)
def test_one_item_that_cannot_be_read_does_not_keep_the_others_from_being_stored(toy, error):
    toy.fill(20)

    def read(stub):
        if stub["id"] == "t0003":
            raise error
        return toy.things[stub["id"]]

    toy.script = lambda run: run.refresh(list(toy.things.values()), read, version=lambda stub: stub["version"])
    report = toy.run()
    assert (report.state, report.added, report.skipped) == ("success", 19, 1)
