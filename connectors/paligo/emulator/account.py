"""The emulated account: tables of plain rows that tests may read and edit while the server runs."""

from __future__ import annotations

import copy
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Self

from connectors.errors import InputError

from . import jobs, sample
from .bodies import is_integer
from .shapes import ORIGIN, View
from .switches import Switches

Clock = Callable[[], float]
Row = dict[str, Any]
OWNED = {"creator": 2, "owner": 2, "author": 2}
WEEK = 7 * 86_400  # seconds
# table → what a new row holds if it is told nothing else; a number under a time is seconds from now
TABLES: dict[str, Row] = {
    "documents": {},
    "folders": {"name": "Untitled", "type": "folder", "parent": 0},
    "forks": {},
    "images": {"name": "figure.png", "type": "image", "parent": 0, "created_at": 0, "files": {}, **OWNED},
    "taxonomies": {"title": "Untitled", "color": 0, "parent": 0},
    "users": {"username": "", "name": "", "email": "", "type": "author"},
    "groups": {"name": "Untitled", "type": "assignment", "users": []},
    "publishsettings": {"name": "HTML5", "resource": 0, "created_at": 0, "modified_at": 0}
    | {"reuse": True, "shared": False, "creator": 2, "format": "html5"},
    "variablesets": {"title": "Untitled"},
    "variants": {"variable_set_id": 0, "title": "Untitled"},
    "variables": {"variable_set_id": 0, "title": "Untitled", "type": "text"},
    "variablevalues": {"value": ""},
    "assignments": {"document_id": 0, "type": "review", "status": "started", "lang": "en", "users": [], "groups": []}
    | {"issuer": "Me Myself", "issuer_id": 2, "created_at": 0, "start_date": 0, "end_date": WEEK}
    | {"message": "", "user_statuses": []},
    **{table: {} for table in jobs.KINDS},
}
TIMES = ("created_at", "modified_at", "start_date", "end_date")
# table → what goes with a row of it: the rows of these tables whose field names it
TAKEN_ALONG: dict[str, tuple[tuple[str, str], ...]] = {
    "documents": (
        ("forks", "document"), ("forks", "parent"), ("publishsettings", "resource"), ("assignments", "document_id"),
    ),
    "forks": (("forks", "parent"),),
    "taxonomies": (("taxonomies", "parent"),),
    "variablesets": (("variants", "variable_set_id"), ("variables", "variable_set_id")),
    "variants": (("variablevalues", "variant_id"),),
    "variables": (("variablevalues", "variable_id"),),
}  # fmt: skip


class Account:
    """What one customer has. Thread safe; rows are never changed in place, an edit puts a new row.

    `seed` decides the UUIDs and the content that `generate` makes; `clock` gives unix seconds.
    """

    def __init__(self, *, seed: int = 1, clock: Clock = time.time) -> None:
        self.seed, self.clock, self.lock = seed, clock, threading.RLock()
        self.tables: dict[str, dict[int | str, Row]] = {name: {} for name in TABLES}
        self._last_id = 300
        self._chance = random.Random(f"uuid {seed}")  # noqa: S311 - sample data
        self._changes: deque[tuple[float, str, int | str, Row | None]] = deque(maxlen=100_000)  # the row before, last

    @classmethod
    def generate(
        cls,
        *,
        documents: int = 24,
        folders: int = 6,
        publications: int = 2,
        seed: int = 1,
        clock: Clock = time.time,
        **more: Any,
    ) -> Self:
        """A filled account, the same for the same arguments. `documents` counts the publications too.

        `more` says how much of the rest (`sample.More`): images, media_folders, taxonomies, variable_sets,
        publish_settings, users, groups, assignments, jobs; and `rich=True`, which puts reuse, variables, links and
        images into the documents, and some that lead nowhere. None of it changes the other documents, folders, forks.
        """
        account = cls(seed=seed, clock=clock)
        sample.fill(account, documents=documents, folders=folders, publications=publications, more=sample.More(**more))
        account._changes.clear()
        return account

    def find(self, key: str | int, *tables: str) -> Row | None:
        """The row with that id or UUID in one of these tables."""
        for table in tables:
            if found := self.tables[table].get(int(key) if is_integer(key) else key):
                return found
            for row in self.tables[table].values() if str(key).startswith("UUID-") else []:
                if row["uuid"] == key:
                    return row
        return None

    def rows(self, table: str, behind: float = 0) -> list[Row]:
        """All rows by id, as they were that many seconds ago."""
        with self.lock:
            past: dict[int | str, Row | None] = dict(self.tables[table])
            changed = [each for each in reversed(self._changes) if each[0] > self.clock() - behind] if behind else []
            past |= {key: before for _, where, key, before in changed if where == table}
            return [row for _, row in sorted(past.items()) if row is not None]

    def next_id(self) -> int:
        """A number that no row has."""
        with self.lock:
            self._last_id += 1
            return self._last_id

    def insert(self, table: str, row: Row) -> Row:
        """Add a row; what it lacks of `id` and `uuid` is made."""
        with self.lock:
            number = row["id"] if "id" in row else self.next_id()
            made = uuid.UUID(int=self._chance.getrandbits(128))
            return self._put(table, {"id": number, "uuid": f"UUID-{made}", **row})

    def add(self, table: str, **fields: Any) -> Row:
        """Add a row to any table; what it is not told is as usual there. A job runs from now on."""
        if table in jobs.KINDS:
            return jobs.start(self, table, **fields)
        if table in ("documents", "forks"):
            makers: dict[str, Callable[..., Row]] = {"documents": self.add_document, "forks": self.add_fork}
            return makers[table](**fields)
        usual = {key: int(self.clock()) + value if key in TIMES else value for key, value in TABLES[table].items()}
        if table == "variablevalues":
            usual["variable_set_id"] = self._known("variables", fields.get("variable_id", ""))["variable_set_id"]
        return self.insert(table, copy.deepcopy(usual) | fields)

    def edit(self, table: str, key: int | str, **changes: Any) -> Row:
        """Set fields anew. A `modified_at` becomes now, and always grows, so that no edit hides in its second."""
        with self.lock:
            row = self._known(table, key)
            if "modified_at" in row:
                changes = {"modified_at": max(int(self.clock()), row["modified_at"] + 1), **changes}
            return self._put(table, {**row, **changes})

    def delete(self, table: str, key: int | str) -> None:
        """Remove a row, and what cannot be without it: a document's forks, all below a fork, a variable's values."""
        with self.lock:
            row = self._known(table, key)
            self._changes.append((self.clock(), table, row["id"], self.tables[table].pop(row["id"])))
            for where, field in TAKEN_ALONG.get(table, ()):
                for other in [each["id"] for each in self.rows(where) if each[field] == row["id"]]:
                    if other in self.tables[where]:
                        self.delete(where, other)
            for document in self.rows("documents") if table == "taxonomies" else []:
                if left := [tag for tag in document["taxonomies"] if tag["id"] == row["id"]]:
                    kept = [tag for tag in document["taxonomies"] if tag not in left]
                    self._put("documents", {**document, "taxonomies": kept})

    def add_document(self, name: str, *, content: str | None = None, parent: int = 0, **fields: Any) -> Row:
        """Add a document to a folder (0 is the root). Without `content` it gets an empty topic or article."""
        now = int(self.clock())
        subtype = fields.get("subtype", "component")
        kind = "publication" if subtype == "publication" else "component"
        row = {"name": name, "type": kind, "subtype": subtype, "creator": 2, "owner": 2, "author": 2}
        row |= {"created_at": now, "modified_at": now, "checkout": False, "checkout_user": ""}
        row |= {"parent_resource": parent, "taxonomies": [], "release_status": "Work in progress"}
        row |= {"content": content or "", "languages": ["en"], "external": [], "custom_attributes": [], **fields}
        with self.lock:
            made = self.insert("documents", row)
            return made if content is not None else self._put("documents", {**made, "content": sample.content(made)})

    def edit_document(self, key: int | str, **changes: Any) -> Row:
        """Set fields of a document anew."""
        return self.edit("documents", key, **changes)

    def delete_document(self, key: int | str) -> None:
        """Remove a document, the forks that place it, and what hangs under it."""
        self.delete("documents", key)

    def add_folder(self, name: str, parent: int = 0) -> Row:
        """Add a folder under a folder, or in the root (0)."""
        return self.add("folders", name=name, parent=parent)

    def add_fork(self, parent: int, document: int, position: int | None = None) -> Row:
        """Place a document under a publication or fork: as the last one, or at a position (from 1; others shift)."""
        with self.lock:
            above, siblings = self.tables["forks"].get(parent), self.forks_under(parent)
            place = position if position is not None else 1 + max((fork["position"] for fork in siblings), default=0)
            for fork in siblings:
                if fork["position"] >= place:
                    self._put("forks", {**fork, "position": fork["position"] + 1})
            root, depth = (above["root_document"], above["depth"] + 1) if above else (parent, 1)
            facts = {"parent": parent, "root_document": root, "position": place, "depth": depth, "document": document}
            return self.insert("forks", facts)

    def forks_under(self, parent: int) -> list[Row]:
        """The forks directly under a publication or fork, in order."""
        below = [fork for fork in self.tables["forks"].values() if fork["parent"] == parent]
        return sorted(below, key=lambda fork: fork["position"])

    def truth(self, table: str, switches: Switches | None = None, origin: str = ORIGIN) -> list[Row]:
        """Every row by id exactly as a read of it answers now, copied. `origin` is the scheme and host in addresses."""
        view = View(self, switches or Switches(), origin)
        with self.lock:
            return copy.deepcopy([view.shape(table, row) for row in self.rows(table)])

    def _known(self, table: str, key: int | str) -> Row:
        if row := self.find(key, table):
            return row
        raise InputError(f"The emulated account holds no {key!r} in its {table}.")

    def _put(self, table: str, row: Row) -> Row:
        self._changes.append((self.clock(), table, row["id"], self.tables[table].get(row["id"])))
        self.tables[table][row["id"]] = row
        return row
