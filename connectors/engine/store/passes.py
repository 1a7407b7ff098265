"""Passes and runs, committed: the transactions that a run is made of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from connectors.engine.store.batch import Batch, Counts, Pass, Place
from connectors.engine.store.database import Database, Row, Session
from connectors.engine.store.queries import queries
from connectors.engine.store.records import (
    Change,
    advance_stream,
    children,
    count,
    delete_absent,
    delete_rows,
    lock_stream,
    save_rejects,
    save_rows,
)
from connectors.errors import AlreadyRunning, NothingToConfirm, RunReplaced, UnknownConnection
from connectors.runtime.canonical import dumps, loads

_SQL = queries("passes")
_RECORDS = queries("records")
_RUNS = queries("runs")
_SCHEDULES = queries("schedules")
TAKE_OVER = 20.0  # seconds without a heartbeat after which a run counts as dead, on PostgreSQL


class PassRows:
    """Begin, commit, end. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self,
        environment: str,
        connection_key: int,
        sync: str,
        model: str,
        variant: str,
        *,
        trigger: str,
        owner: str,
        full: bool,
        now: float,
        take_over: float = TAKE_OVER,
    ) -> tuple[Place, dict[str, Any] | None, int | None]:
        """Begin a run, in the pass that goes on or in a new one.

        The caller holds the lease, so a run that is still marked as running is dead: it is closed as
        interrupted. On PostgreSQL the run's row is the lease: it is dead if nothing was heard of it
        for `take_over` seconds, and else this raises `AlreadyRunning`. `full` forgets the checkpoint and
        what the pass saw, and so do deletions that still wait for a yes. Returns the place, the
        checkpoint, and the number of a run that was closed.
        """
        names = {
            "environment": environment,
            "connection": connection_key,
            "sync": sync,
            "model": model,
            "variant": variant,
            "now": now,
            "take_over": take_over,
        }

        def work(connection: Session) -> tuple[Place, dict[str, Any] | None, int | None]:
            if connection.execute(_SQL["connection_of_run"].locking, names).fetchone() is None:
                raise UnknownConnection("the connection was deleted just now")
            dead = connection.execute(_RUNS["close_dead"], names).fetchone()
            running = connection.execute(_RUNS["running"], names).fetchone()
            if running is not None:
                raise already_running(sync, running)
            # Deletions that nobody confirmed are found again only by listing everything again.
            if full or connection.execute(_SQL["any_held"], names).fetchone() is not None:
                connection.execute(_SQL["drop_pass"], names)
                connection.execute(_RUNS["save_checkpoint"], {**names, "checkpoint": None})
            connection.execute(_RECORDS["ensure_stream"], names)
            stream = connection.execute(_RECORDS["find_stream"], names).fetchone()["key"]
            state = connection.execute(_RUNS["sync_state"], names).fetchone()
            checkpoint = None if state is None or state["checkpoint"] is None else loads(state["checkpoint"])
            pass_ = _open(connection, names, whole=checkpoint is None)
            run = connection.execute(_RUNS["begin_run"], {**names, "trigger": trigger, "owner": owner}).fetchone()
            place = Place(
                environment, connection_key, sync, model, variant, stream, run["number"], pass_, started_at=now
            )
            return place, checkpoint, None if dead is None else dead["number"]

        return self._database.write(work)

    def start_over(self, environment: str, place: Place, *, now: float) -> Pass:
        """Forget the checkpoint and what the pass saw, and begin a whole one."""

        def work(connection: Session) -> Pass:
            names = {**place.names, "environment": environment, "now": now}
            _prove_running(connection, names)
            connection.execute(_SQL["drop_pass"], names)
            connection.execute(_RUNS["save_checkpoint"], {**names, "checkpoint": None})
            return _open(connection, names, whole=True)

        return self._database.write(work)

    def forget(self, environment: str, place: Place, *, records: bool) -> None:
        """Forget checkpoint and successes of a sync, and with `records` its records as if they had never been.

        Raises `RunReplaced` if another run took over.
        """
        names = {**place.names, "environment": environment}

        def work(connection: Session) -> None:
            _prove_running(connection, names)
            for query in ("forget_sync", "forgotten", *(("empty_records", "empty_rejects") if records else ())):
                connection.execute(_SCHEDULES[query], names)

        self._database.write(work)

    def commit(
        self, environment: str, place: Place, batch: Batch, *, requests: int, waited: float, now: float
    ) -> Counts:
        """Records, seen ids, counts and checkpoint of a batch, all or nothing.

        Raises `RunReplaced` if another run took over, or the connection was deleted.
        """

        def work(connection: Session) -> Counts:
            names = {**place.names, "environment": environment, "now": now}
            _prove_running(connection, names)
            counts = _write(connection, names, place, batch, now)
            connection.execute(_RUNS["count_run"], {**names, **asdict(counts), "requests": requests, "waited": waited})
            if batch.suspend:
                connection.execute(_SQL["suspend_pass"], {**names, "reason": batch.suspend})
            if batch.checkpoint is not None:
                connection.execute(_RUNS["save_checkpoint"], {**names, "checkpoint": dumps(batch.checkpoint)})
            return counts

        return self._database.write(work)

    def current(self, environment: str, connection_key: int, sync: str, variant: str) -> Pass | None:
        """The pass that goes on, if one does."""
        names = {"environment": environment, "connection": connection_key, "sync": sync, "variant": variant}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["open_pass"], names).fetchone()
        return None if found is None else _pass(found)

    def finish(self, environment: str, place: Place, *, delete: bool, now: float) -> int:
        """The pass saw everything: delete what it did not see if `delete`, and forget it. How many were deleted."""

        def work(connection: Session) -> int:
            names = {**place.names, "environment": environment, "now": now}
            _prove_running(connection, names)
            deleted = _delete_absent(connection, names, place.pass_, now) if delete else 0
            connection.execute(_RUNS["count_deleted"], {**names, "deleted": deleted})
            connection.execute(_SQL["drop_pass"], names)
            connection.execute(_RUNS["save_success"], {**names, "succeeded_at": place.started_at})
            return deleted

        return self._database.write(work)

    def hold(self, environment: str, place: Place) -> None:
        """Keep what the pass saw until its deletions are confirmed, or a new pass begins."""
        names = {**place.names, "environment": environment}

        def work(connection: Session) -> None:
            _prove_running(connection, names)
            connection.execute(_SQL["hold_pass"], names)

        self._database.write(work)

    def confirm(self, environment: str, run: int, *, now: float) -> int:
        """Do the deletions that a run held back; how many. Raises `NothingToConfirm`."""

        def work(connection: Session) -> int:
            row = connection.execute(_RUNS["get_run"], {"environment": environment, "run": run}).fetchone()
            names = {"environment": environment, "run": run, "now": now}
            held = None
            if row is not None and row["pass"] is not None:
                names |= {name: row[name] for name in ("connection", "sync", "model", "variant", "pass")}
                held = connection.execute(_SQL["held_pass"], names).fetchone()
            if held is None:
                raise NothingToConfirm(f"run {run} holds no deletions that wait for a yes")
            names["stream"] = connection.execute(_RECORDS["find_stream"], names).fetchone()["key"]
            deleted = _delete_absent(connection, names, _pass(held), now)
            connection.execute(_RUNS["confirm_run"], {**names, "deleted": deleted})
            connection.execute(_SQL["drop_pass"], names)
            connection.execute(_RUNS["save_success"], {**names, "succeeded_at": row["started_at"]})
            return deleted

        return self._database.write(work)


def already_running(sync: str, running: Row | None) -> AlreadyRunning:
    """The error that says who runs it."""
    who = "" if running is None else f" as run {running['number']}, owned by {running['owner']}"
    return AlreadyRunning(f"the sync {sync!r} of this connection is running{who}")


def _open(connection: Session, names: dict[str, Any], *, whole: bool) -> Pass:
    found = connection.execute(_SQL["open_pass"], names).fetchone()
    if found is None:
        # A held pass ends here: its deletions would be of yesterday's list.
        connection.execute(_SQL["drop_pass"], names)
        found = connection.execute(_SQL["begin_pass"], {**names, "whole": int(whole)}).fetchone()
    return _pass(found)


def _pass(row: Row) -> Pass:
    return Pass(row["key"], row["state"], bool(row["whole"]), row["suspended"], row["began_at"])


def _write(connection: Session, names: dict[str, Any], place: Place, batch: Batch, now: float) -> Counts:
    change = lock_stream(connection, names, now)
    here = set(batch.ids) | children(connection, place.stream, batch.parents)
    found = connection.execute(_SQL["see"], {**names, "ids": dumps(sorted(here))}).fetchall()
    added, updated = save_rows(connection, place.stream, batch.rows, change)
    change = advance_stream(connection, names, change, len(batch.rows))
    deleted = delete_rows(connection, place.stream, batch.gone, change) if batch.gone else 0
    advance_stream(connection, names, change, deleted)
    rejected = save_rejects(connection, names, batch, change.time)
    counts = count({row["id"] for row in found}, added, updated, rejected, batch)
    counts.deleted = deleted
    return counts


def _delete_absent(connection: Session, names: dict[str, Any], pass_: Pass, now: float) -> int:
    change: Change = lock_stream(connection, names, now)
    deleted = delete_absent(connection, names["stream"], pass_, change)
    advance_stream(connection, names, change, deleted)
    return deleted


def _prove_running(connection: Session, names: dict[str, Any]) -> None:
    if connection.execute(_RUNS["is_running"].locking, names).fetchone() is None:
        raise RunReplaced(f"run {names['run']} is not the running one any more")
