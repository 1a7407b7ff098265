"""The end of a pass: which deletions it makes, and the guard over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.authoring import Sync
from connectors.engine.leases import lease
from connectors.engine.report import RunReport
from connectors.engine.sink import Sink
from connectors.engine.store.batch import Absent, Counts

if TYPE_CHECKING:
    from connectors.engine.host import Host

_FEW = 10  # so many deletions never need a yes
_SHARE = 0.2  # nor does this share of what is stored


@dataclass(frozen=True)
class Ending:
    """How a pass ended."""

    deleted: int = 0
    absent: Absent | None = None  # what was not seen, if absence means deletion
    held: bool = False  # these deletions wait for a yes
    note: str | None = None  # why nothing was deleted, when that is worth saying


def needs_confirmation(absent: Absent) -> bool:
    """Whether deleting what was not seen needs a person's yes.

    It does if nothing came at all while records are stored, or if more than 10 and more than 20 %
    of the stored would go.
    """
    if not absent.anything:
        return absent.stored > 0
    return absent.absent > _FEW and absent.absent > _SHARE * absent.stored


def end_pass(sink: Sink, sync: Sync) -> Ending:
    """The sync's generator ended by itself, so everything was seen: delete what was not, or hold it."""
    pass_ = sink.pass_()
    if sync.deletes != "absent" or not pass_.whole:
        sink.finish(delete=False)
        return Ending()
    if pass_.suspended is not None:
        sink.finish(delete=False)
        return Ending(note=f"nothing was deleted by absence: {pass_.suspended}")
    absent = sink.absent()
    if needs_confirmation(absent):
        sink.hold()
        return Ending(absent=absent, held=True)
    return Ending(deleted=sink.finish(delete=True), absent=absent)


def confirm_deletes(host: Host, environment: str, run: int) -> RunReport:
    """Do the deletions that a run held back, as its pass saw them; nothing is fetched.

    Raises `UnknownRun`, and `NothingToConfirm` when the run holds none or a newer run has begun.
    """
    row = host.store.runs.get(environment, run)
    with lease(host.store, environment, row["connection_key"], row["sync"], row["variant"]):
        deleted = host.store.passes.confirm(environment, run, now=host.clock.now())
    return RunReport(
        connection=row["connection"],
        sync=row["sync"],
        model=row["model"],
        variant=row["variant"],
        dry_run=False,
        id=run,
        state="success",
        counts=Counts(deleted=deleted),
        notes=[f"the deletions that run {run} held back are done"],
    )
