"""What the author of a connector writes with: `@sync`, and the items that a sync yields."""

from connectors.authoring.items import Checkpoint, Gone, Item, Record, Seen, Skipped, StartOver
from connectors.authoring.sync import Run, Sync, sync

__all__ = ["Checkpoint", "Gone", "Item", "Record", "Run", "Seen", "Skipped", "StartOver", "Sync", "sync"]
