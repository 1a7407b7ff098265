"""What the author of a connector writes with: `@sync`, the items that a sync yields, and `@action`."""

from connectors.authoring.action import Action, Call, FileRef, action
from connectors.authoring.audit import NOT_CHECKED, Audit, Audited, Finding, finding_id
from connectors.authoring.cost import Cost
from connectors.authoring.event import Event, event_key
from connectors.authoring.items import Checkpoint, Gone, Item, Record, Seen, Skipped, StartOver
from connectors.authoring.sync import Run, Sync, sync

__all__ = [
    "NOT_CHECKED",
    "Action",
    "Audit",
    "Audited",
    "Call",
    "Checkpoint",
    "Cost",
    "Event",
    "FileRef",
    "Finding",
    "Gone",
    "Item",
    "Record",
    "Run",
    "Seen",
    "Skipped",
    "StartOver",
    "Sync",
    "action",
    "event_key",
    "finding_id",
    "sync",
]
