"""Deletions by absence, and the yes that many of them need."""

from __future__ import annotations

import pytest

from connectors.authoring import Checkpoint, Seen
from connectors.engine.passes import confirm_deletes
from connectors.errors import NothingToConfirm, UnknownRun


@pytest.mark.parametrize(
    ("stored", "gone", "held"), [(100, 20, False), (100, 21, True), (30, 10, False), (11, 11, True)]
)
def test_more_than_ten_and_more_than_a_fifth_needs_a_yes(toy, stored, gone, held):
    toy.fill(stored)
    toy.run()
    for id_ in list(toy.things)[:gone]:
        del toy.things[id_]
    report = toy.run()
    if held:
        assert (report.state, report.would_delete, report.deleted) == ("needs_confirmation", gone, 0)
        assert len(report.examples) == 5
        assert f"--confirm-deletes {report.id}" in report.notes[-1]
        assert len(toy.stored()) == stored
    else:
        assert (report.state, report.deleted) == ("success", gone)
        assert len(toy.stored()) == stored - gone


def test_an_empty_listing_deletes_nothing_even_of_three(toy):
    toy.fill(3)
    toy.run()
    toy.things.clear()
    report = toy.run()
    assert (report.state, report.would_delete, len(toy.stored())) == ("needs_confirmation", 3, 3)


def test_an_empty_account_that_stays_empty_needs_no_yes(toy):
    assert toy.run().state == "success"


def test_what_came_is_saved_while_the_deletions_wait(toy):
    toy.fill(20)
    toy.run()
    toy.things = {"new": {"id": "new", "name": "n", "version": 1}}
    report = toy.run()
    assert (report.state, report.added) == ("needs_confirmation", 1)
    assert "new" in toy.stored()


def test_confirming_deletes_exactly_what_the_pass_did_not_see(toy):
    toy.fill(20)
    toy.run()
    kept = dict(list(toy.things.items())[:2])
    toy.things = dict(kept)
    held = toy.run()
    report = confirm_deletes(toy.host, "dev", held.id)
    assert (report.state, report.deleted) == ("success", 18)
    assert toy.stored() == kept
    row = toy.host.store.runs.get("dev", held.id)
    assert (row["state"], row["deleted"], row["would_delete"]) == ("success", 18, 0)
    with pytest.raises(NothingToConfirm):
        confirm_deletes(toy.host, "dev", held.id)


def test_a_newer_run_voids_the_older_question(toy):
    toy.fill(20)
    toy.run()
    everything, toy.things = toy.things, {}
    held = toy.run()
    toy.things = everything
    assert toy.run().state == "success"
    with pytest.raises(NothingToConfirm):
        confirm_deletes(toy.host, "dev", held.id)
    assert len(toy.stored()) == 20


def test_another_environments_run_is_an_unknown_run(toy):
    toy.fill(20)
    toy.run()
    toy.things.clear()
    held = toy.run()
    with pytest.raises(UnknownRun):
        confirm_deletes(toy.host, "prod", held.id)


def test_a_dry_run_writes_nothing_and_tells_what_a_run_would_do(toy):
    toy.fill(30)
    toy.run()
    before = dump(toy)
    toy.things["t0000"] |= {"name": "renamed", "version": 2}
    toy.things["new"] = {"id": "new", "name": "n", "version": 1}
    del toy.things["t0001"]
    report = toy.run(dry_run=True)
    assert (report.state, report.added, report.updated, report.unchanged) == ("success", 1, 1, 28)
    assert (report.would_delete, report.examples, report.deleted, report.id) == (1, ["t0001"], 0, None)
    assert dump(toy) == before
    real = toy.run()
    assert (real.added, real.updated, real.deleted) == (1, 1, 1)


def test_a_dry_run_counts_what_an_unfinished_pass_saw_already(toy):
    toy.fill(5)
    toy.run()
    toy.run(limit=2)
    toy.script = lambda run: [Seen("t0002")]
    report = toy.run(dry_run=True)
    assert report.would_delete == 2


def dump(toy):
    return toy.dump()


def test_deletions_that_nobody_confirmed_are_found_again_also_by_a_sync_with_checkpoints(toy):
    toy.fill(30)

    def listing(run):
        if run.checkpoint is None:
            yield from toy.listing(run)
        yield Checkpoint({"at": 1})

    toy.script = listing
    toy.run()
    toy.things = dict(list(toy.things.items())[:5])
    held = toy.run(full=True)
    assert (held.state, held.would_delete) == ("needs_confirmation", 25)
    again = toy.run()
    assert (again.state, again.would_delete) == ("needs_confirmation", 25)
    assert confirm_deletes(toy.host, "dev", again.id).deleted == 25


def test_a_dry_run_shows_the_records_that_would_be_written(toy):
    toy.fill(3)
    toy.run()
    toy.things["t0000"] |= {"name": "renamed", "version": 2}
    toy.things["new"] = {"id": "new", "name": "n", "version": 1}
    report = toy.run(dry_run=True)
    assert {(record["id"], record["action"]) for record in report.preview} == {("t0000", "UPDATED"), ("new", "ADDED")}
    assert next(record for record in report.preview if record["id"] == "new")["data"] == toy.things["new"]
    assert toy.run().preview == []
