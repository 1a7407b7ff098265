"""Items of a sync become batches: checked, identified, hashed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.authoring import Checkpoint, Gone, Item, Record, Seen, Skipped, Sync
from connectors.engine.store.batch import Batch, Reject, Row
from connectors.errors import InvalidItem, RecordInvalid
from connectors.runtime.canonical import digest, dumps, loads
from connectors.runtime.models import Model

MOST_ITEMS = 100
MOST_BYTES = 1_000_000
MOST_SECONDS = 1.0
_LONGEST_ID = 256
_LONGEST_VERSION = 1000  # characters; a longer one is stored as its hash
_LONGEST_REASON = 1000
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")  # what no database takes as text


def identity(value: Any) -> str:
    """The id as it is stored: 7 and "7" are one. Raises `InvalidItem` for what is no id."""
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_LONGEST_ID
    text = str(value) if number else value
    if not isinstance(text, str) or not text or len(text) > _LONGEST_ID or _UNUSABLE.search(text):
        shown = "a huge number" if isinstance(value, int) and abs(value) >= 10**_LONGEST_ID else repr(value)[:60]
        raise InvalidItem(f"an id is a whole number or a text of 1 to {_LONGEST_ID} characters, not {shown}")
    return text


def version_text(sync: Sync, version: Any) -> str | None:
    """A version as it is stored: with the sync's revision, so that a new revision makes it stale."""
    if version is None:
        return None
    text = str(version)
    if len(text) > _LONGEST_VERSION or _UNUSABLE.search(text):
        text = digest(dumps(text)).hex()
    return f"{sync.revision}:{text}"


class Batcher:
    """Collects items until a batch is due. Not thread safe: the runner locks around it."""

    def __init__(self, sync: Sync, model: Model, *, validate: bool) -> None:
        self._sync = sync
        self._model = model
        self._validate = validate
        self._began: float | None = None
        self.batch = Batch()

    def add(self, item: Item, *, now: float) -> None:
        """Take one item. Raises `InvalidItem`, or with `validate` `RecordInvalid`."""
        if self._began is None:
            self._began = now
        match item:
            case Record():
                self._record(item)
            case Seen():
                self._seen(item)
            case Gone():
                self._gone(identity(item.id))
            case Skipped():
                self._skipped(item)
            case Checkpoint():
                self.batch.checkpoint = _checkpoint(item)
            case Mapping():
                self._record(Record(item))
            case _:
                raise InvalidItem(f"a sync yields records and items, not {type(item).__name__}")

    def due(self, now: float) -> bool:
        """Whether what was collected should be committed now."""
        if self._began is None:
            return False
        if self.batch.checkpoint is not None or len(self.batch) >= MOST_ITEMS or self.batch.bytes >= MOST_BYTES:
            return True
        return now - self._began >= MOST_SECONDS

    def take(self) -> Batch:
        """What was collected; the batcher begins anew."""
        taken, self.batch, self._began = self.batch, Batch(), None
        return taken

    def version(self, id_: str) -> tuple[bool, str | None]:
        """Whether the id is in the batch that is being collected, and its version there."""
        if id_ in self.batch.rows:
            return True, self.batch.rows[id_].version
        if id_ in self.batch.rejects:
            return True, self.batch.rejects[id_].version
        return False, None

    def _record(self, record: Record) -> None:
        if not isinstance(record.data, Mapping):
            raise InvalidItem(f"the data of a record is a mapping, not {type(record.data).__name__}")
        id_ = identity(record.data.get("id"))
        data = {**record.data, "id": id_}
        version = version_text(self._sync, record.version)
        self._forget(id_)
        problem = self._model.problem(data)
        if problem is not None:
            if self._validate:
                raise RecordInvalid(f"{self._sync.model} {id_}: {problem}")
            self.batch.rejects[id_] = Reject(version, problem)
            return
        text = _canonical(data, id_)
        stable = text
        if not self._sync.volatile.isdisjoint(data):
            stable = _canonical({name: data[name] for name in data.keys() - self._sync.volatile}, id_)
        parent = None if record.parent is None else identity(record.parent)
        self.batch.rows[id_] = Row(text, digest(stable), version, parent)
        self.batch.bytes += len(text)

    def _seen(self, item: Seen) -> None:
        if item.id is None and item.parent is None:
            raise InvalidItem("Seen needs an id or a parent")
        if item.id is not None:
            id_ = identity(item.id)
            self.batch.gone.discard(id_)
            self.batch.seen.add(id_)
        if item.parent is not None:
            self.batch.parents.add(identity(item.parent))

    def _gone(self, id_: str) -> None:
        self._forget(id_)
        self.batch.seen.discard(id_)
        self.batch.gone.add(id_)

    def _skipped(self, item: Skipped) -> None:
        self.batch.skipped += 1
        if item.id is None and item.parent is None:
            self.batch.suspend = self.batch.suspend or _reason(item)
            return
        self._seen(Seen(item.id, item.parent))
        if item.id is not None:
            self.batch.unread.add(identity(item.id))

    def _forget(self, id_: str) -> None:
        row = self.batch.rows.pop(id_, None)
        if row is not None:
            self.batch.bytes -= len(row.data)
        self.batch.rejects.pop(id_, None)
        self.batch.gone.discard(id_)


def _checkpoint(item: Checkpoint) -> dict[str, Any]:
    """As it will be read again. Raises `InvalidItem` now, so that what came before it is saved all the same."""
    if not isinstance(item.value, Mapping):
        raise InvalidItem(f"a checkpoint is a mapping, not {type(item.value).__name__}")
    try:
        plain: dict[str, Any] = loads(dumps(item.value))
    except ValueError as error:
        raise InvalidItem(f"a checkpoint holds what JSON cannot: {error}") from None
    return plain


def _reason(item: Skipped) -> str:
    """Never empty: what was skipped suspends deletions, whatever its author says of it (an exception, often)."""
    text = _UNUSABLE.sub("\N{REPLACEMENT CHARACTER}", str(item.reason or ""))[:_LONGEST_REASON]
    return text or "something could not be read"


def _canonical(data: Mapping[str, Any], id_: str) -> str:
    try:
        return dumps(data)
    except ValueError as error:
        raise InvalidItem(f"record {id_} holds what JSON cannot: {error}") from None
