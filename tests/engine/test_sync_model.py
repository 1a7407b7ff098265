"""A model: whatever an account and its runs go through, the store ends as the account is, and a follower with it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.authoring import Checkpoint, Gone, Record, Skipped, StartOver
from connectors.engine.passes import confirm_deletes
from connectors.engine.records import read_records
from connectors.errors import NothingToConfirm, ProviderError

IDS = st.integers(0, 24).map("t{:02}".format)
SOME = st.sets(IDS, max_size=4)


class Killed(BaseException):
    """The process is gone: nothing is written any more."""


class DyingDatabase:
    """Writes so many transactions, then none, as after a SIGKILL."""

    def __init__(self, kind, left: int) -> None:
        self.left = left
        self.kind = kind
        self.real = kind._transaction

    def transaction(self, database, work):
        self.left -= 1
        if self.left < 0:
            raise Killed
        return self.real(database, work)


class Account(RuleBasedStateMachine):
    """Edits at the provider, and runs of every kind in between."""

    def __init__(self, make) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model"))
        self.batches = mock.patch("connectors.engine.batcher.MOST_ITEMS", 3)
        self.batches.start()
        self.toy = make(self.folder)
        self.edits = 0
        self.past: dict[str, list] = {}  # every form that an id ever had
        self.mirror: dict[str, dict] = {}
        self.cursor: str | None = None
        self.numbers: list[str] = []

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.toy.host.close()
            self.batches.stop()
            shutil.rmtree(self.folder)

    # The account.

    @initialize(ids=st.sets(IDS, min_size=12))
    def begin(self, ids):
        self.edit(ids)
        self.toy.run()

    @rule(ids=st.sets(IDS, min_size=1, max_size=25))
    def edit(self, ids):
        for id_ in sorted(ids):
            self.edits += 1
            thing = {"id": id_, "name": f"edit {self.edits}", "version": self.edits}
            self.toy.things[id_] = thing
            self.past.setdefault(id_, []).append(thing)

    @rule(ids=st.sets(IDS, min_size=1, max_size=20))
    def delete(self, ids):
        for id_ in ids:
            self.toy.things.pop(id_, None)

    @rule(ids=st.permutations([f"t{number:02}" for number in range(25)]))
    def sort(self, ids):
        self.toy.things = {id_: self.toy.things[id_] for id_ in ids if id_ in self.toy.things}

    # Runs.

    @rule(edited=SOME, deleted=SOME, full=st.booleans(), limit=st.none() | st.integers(1, 30))
    def run(self, edited, deleted, full, limit):
        self.edit(edited)
        self.delete(deleted)
        fresh = full or not self.going_on()
        report = self.toy.run(full=full, limit=limit)
        assert report.state in ("success", "limited", "needs_confirmation")
        if report.state == "success" and fresh:
            self.equal()

    @rule(edited=SOME, deleted=SOME, after=st.integers(0, 12), full=st.booleans())
    def run_that_is_killed(self, edited, deleted, after, full):
        self.edit(edited)
        self.delete(deleted)
        dying = DyingDatabase(type(self.toy.host.store.database), after)
        dies = lambda database, work: dying.transaction(database, work)  # noqa: E731 - a method gets its object
        patch = mock.patch.object(dying.kind, "_transaction", dies)
        with patch, suppress(Killed):
            self.toy.run(full=full)
        self.toy.host.close()
        self.toy.host = self.toy.open()

    @rule(
        after=st.integers(0, 25), error=st.sampled_from([ProviderError("down", status=500), KeyError("oops"), Killed()])
    )
    def run_that_fails(self, after, error):
        def script(run):
            for number, item in enumerate(self.toy.listing(run)):
                if number == after:
                    raise error
                yield item

        with mock.patch.object(self.toy, "script", script):
            try:
                report = self.toy.run()
            except Killed:
                return
        assert report.state == ("failed" if after < len(self.toy.things) else report.state)

    @rule(deleted=SOME, ids=SOME, whole=st.booleans())
    def run_that_skips(self, deleted, ids, whole):
        self.delete(deleted)
        before = self.toy.stored()

        def script(run):
            if whole:
                yield Skipped("")
            for id_, thing in self.toy.things.items():
                yield Skipped("500", id_) if id_ in ids else Record(thing, version=thing["version"])

        with mock.patch.object(self.toy, "script", script):
            self.toy.run()
        assert {id_ for id_ in before if id_ in ids & self.toy.things.keys() or whole} <= self.toy.stored().keys()

    @rule(ids=SOME)
    def run_that_is_told_what_is_gone(self, ids):
        self.delete(ids)

        def script(run):
            yield from map(Gone, sorted(ids - self.toy.things.keys()))
            yield from self.toy.listing(run)

        with mock.patch.object(self.toy, "script", script):
            self.toy.run()
        assert not (ids - self.toy.things.keys()) & self.toy.stored().keys()

    @rule(after=st.integers(0, 25))
    def run_in_steps_that_starts_over(self, after):
        def script(run):
            if run.checkpoint is not None:
                raise StartOver
            for number, thing in enumerate(list(self.toy.things.values())):
                if number == after:
                    yield Checkpoint({"after": number})
                yield Record(thing, version=thing["version"])

        with mock.patch.object(self.toy, "script", script):
            assert self.toy.run().state in ("success", "needs_confirmation")
            assert self.toy.run(full=True).state in ("success", "needs_confirmation")
        if self.checkpoint() is not None:
            with mock.patch.object(self.toy, "script", lambda run: self.started_over(run)):
                self.toy.run(limit=1)

    def started_over(self, run):
        if run.checkpoint is not None:
            raise StartOver
        yield from self.toy.listing(run)

    @precondition(lambda self: self.checkpoint() is None)
    @rule(edited=SOME, deleted=SOME, full=st.booleans())
    def dry_run_tells_what_a_run_does(self, edited, deleted, full):
        self.edit(edited)
        self.delete(deleted)
        before = self.dump()
        told = self.toy.run(dry_run=True, full=full)
        assert self.dump() == before
        real = self.toy.run(full=full)
        assert told.state == real.state
        names = ("added", "updated", "unchanged", "rejected", "skipped")
        assert [getattr(told, name) for name in names] == [getattr(real, name) for name in names]
        assert told.would_delete == real.would_delete + real.deleted

    @rule()
    def confirm(self):
        held = [run for run in self.toy.host.store.runs.list("dev") if run["state"] == "needs_confirmation"]
        before = self.toy.stored()
        for run in held[:2]:
            try:
                done = confirm_deletes(self.toy.host, "dev", run["id"]).deleted
            except NothingToConfirm:
                continue
            assert done == run["would_delete"] == len(before) - len(self.toy.stored())

    @rule(seconds=st.integers(-100_000, 100_000))
    def time_jumps(self, seconds):
        self.toy.clock.advance(seconds)

    # What holds at any time.

    @invariant()
    def a_follower_has_what_is_stored(self):
        for record in read_records(self.toy.host, "dev", "acme", "Thing", cursor=self.cursor):
            self.cursor = record.cursor
            if record.deleted_at is None:
                self.mirror[record.id] = record.data
            else:
                self.mirror.pop(record.id, None)
        assert self.mirror == self.toy.stored()

    @invariant()
    def what_is_stored_was_true_once_and_changes_have_one_number_each(self):
        for id_, data in self.toy.stored().items():
            assert data in self.past[id_]
        sql = "SELECT count(*), count(DISTINCT change), max(change) FROM records"
        rows, numbers, last = self.one(sql)
        assert rows == numbers
        assert (last or 0) <= (self.one("SELECT max(last_change) FROM streams")[0] or 0)
        assert self.one("SELECT count(*) FROM runs WHERE state = 'running'")[0] <= 1

    def settle(self) -> None:
        """After whatever happened, two clean runs and a yes make everything right, and a third has nothing to do."""
        for _ in range(2):
            report = self.toy.run(full=self.checkpoint() is not None)
            if report.state == "needs_confirmation":
                confirm_deletes(self.toy.host, "dev", report.id)
        self.a_follower_has_what_is_stored()
        self.equal()
        last = self.toy.run()
        assert (last.added, last.updated, last.deleted, self.toy.reads) == (0, 0, 0, [])
        assert self.one("SELECT count(*) FROM runs WHERE state = 'running'")[0] == 0

    def equal(self) -> None:
        assert self.toy.stored() == self.toy.things

    def going_on(self) -> bool:
        return self.one("SELECT count(*) FROM passes WHERE state = 'open'")[0] > 0

    def checkpoint(self):
        found = self.toy.host.store.database.connection.execute("SELECT checkpoint FROM syncs").fetchone()
        return None if found is None else found[0]

    def one(self, sql):
        return tuple(self.toy.host.store.database.connection.execute(sql).fetchone())

    def dump(self):
        return self.toy.dump()


def test_the_store_ends_as_the_account_is_whatever_happens(toy, request):
    used = []

    def make(folder):
        if not toy.database_url:
            return type(toy)(folder)
        postgres = request.getfixturevalue("postgres")
        while used:
            postgres.give_back(used.pop())
        used.append(postgres.fresh())
        # A run that was killed leaves a heart that beat just now: the next one waits for no more than this.
        return type(toy)(folder, used[0], CONNECTORS_TAKE_OVER="0.001")

    chosen = settings(
        max_examples=40 if not toy.database_url else 15, stateful_step_count=18, deadline=None, derandomize=True
    )
    run_state_machine_as_test(lambda: Account(make), settings=chosen)
