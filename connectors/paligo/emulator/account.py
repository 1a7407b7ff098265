"""The emulated account: tables of plain rows that tests may read and edit while the server runs."""

from __future__ import annotations

import copy
import json
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Self

from connectors.errors import InputError

from . import sample
from .bodies import is_integer
from .switches import Switches

Clock = Callable[[], float]
Row = dict[str, Any]
TABLES = ("documents", "folders", "forks", "images", "taxonomies", "users", "groups")


class Account:
    """What one customer has. Thread safe; rows are never changed in place, an edit puts a new row.

    `seed` decides the UUIDs and the content that `generate` makes; `clock` gives unix seconds.
    """

    def __init__(self, *, seed: int = 1, clock: Clock = time.time) -> None:
        self.seed, self.clock, self.lock = seed, clock, threading.RLock()
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in TABLES}
        self._last_id = 300
        self._chance = random.Random(f"uuid {seed}")  # noqa: S311 - sample data
        self._changes: deque[tuple[float, str, int, Row | None]] = deque(maxlen=100_000)  # when, where, the row before

    @classmethod
    def generate(
        cls, *, documents: int = 24, folders: int = 6, publications: int = 2, seed: int = 1, clock: Clock = time.time
    ) -> Self:
        """A filled account, the same for the same arguments. `documents` counts the publications too."""
        account = cls(seed=seed, clock=clock)
        sample.fill(account, documents=documents, folders=folders, publications=publications)
        account._changes.clear()
        return account

    def find(self, key: str | int, *tables: str) -> Row | None:
        """The row with that id or UUID in one of these tables."""
        for table in tables:
            if is_integer(key) and int(key) in self.tables[table]:
                return self.tables[table][int(key)]
            for row in self.rows(table) if str(key).startswith("UUID-") else []:
                if row["uuid"] == key:
                    return row
        return None

    def rows(self, table: str, behind: float = 0) -> list[Row]:
        """All rows by id, as they were that many seconds ago."""
        with self.lock:
            past: dict[int, Row | None] = dict(self.tables[table])
            changed = [each for each in reversed(self._changes) if each[0] > self.clock() - behind] if behind else []
            past |= {number: before for _, where, number, before in changed if where == table}
            return [row for _, row in sorted(past.items()) if row is not None]

    def insert(self, table: str, row: Row) -> Row:
        """Add a row; what it lacks of `id` and `uuid` is made."""
        with self.lock:
            if "id" not in row:
                self._last_id += 1
            made = uuid.UUID(int=self._chance.getrandbits(128))
            return self._put(table, {"id": self._last_id, "uuid": f"UUID-{made}", **row})

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
        """Set fields anew. `modified_at` becomes now, and always grows, so that no edit hides in its second."""
        with self.lock:
            row = self._known("documents", key)
            now = max(int(self.clock()), row["modified_at"] + 1)
            return self._put("documents", {**row, "modified_at": now, **changes})

    def delete_document(self, key: int | str) -> None:
        """Remove a document, the forks that place it, and what hangs under it."""
        self.delete("documents", key)

    def delete(self, table: str, key: int | str) -> None:
        """Remove a row. A document takes all its forks along, a fork all below it."""
        with self.lock:
            row = self._known(table, key)
            self._changes.append((self.clock(), table, row["id"], self.tables[table].pop(row["id"])))
            for fork in self.rows("forks"):
                if row["id"] in (fork["document"], fork["parent"]) and fork["id"] in self.tables["forks"]:
                    self.delete("forks", fork["id"])

    def add_folder(self, name: str, parent: int = 0) -> Row:
        """Add a folder under a folder, or in the root (0)."""
        return self.insert("folders", {"name": name, "type": "folder", "parent": parent})

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
        return sorted((f for f in self.rows("forks") if f["parent"] == parent), key=lambda fork: fork["position"])

    def truth(self, table: str, switches: Switches | None = None) -> list[Row]:
        """Every row by id exactly as a read of it answers now, copied."""
        with self.lock:
            return copy.deepcopy([self.shape(table, row, switches or Switches()) for row in self.rows(table)])

    def shape(self, table: str, row: Row, switches: Switches, *, listed: bool = False) -> Row:
        """A row as an answer shows it: alone, or as an item of a list. Differs per table where evidence says so."""
        if table == "folders":
            return {**_brief(row), "children": "" if listed else self._children(row["id"])}
        shown = {key: value for key, value in row.items() if key != "uuid" or table in ("documents", "forks")}
        if table == "documents":
            shown |= _switched(row, switches) | ({"content": ""} if listed else {})
        elif table == "forks":
            shown["document"] = self.shape("documents", self.tables["documents"][row["document"]], switches)
        elif table == "groups" and listed:
            del shown["users"]
        elif table == "groups":
            shown["users"] = [self.shape("users", self.tables["users"][number], switches) for number in row["users"]]
        return shown

    def _children(self, folder: int) -> list[Row]:
        places = (("folders", "parent"), ("documents", "parent_resource"), ("images", "parent"))
        return [_brief(row) for table, key in places for row in self.rows(table) if row[key] == folder]

    def _known(self, table: str, key: int | str) -> Row:
        if row := self.find(key, table):
            return row
        raise InputError(f"The emulated account holds no {key!r} in its {table}.")

    def _put(self, table: str, row: Row) -> Row:
        self._changes.append((self.clock(), table, row["id"], self.tables[table].get(row["id"])))
        self.tables[table][row["id"]] = row
        return row


def _brief(row: Row) -> Row:
    return {key: row[key] for key in ("id", "name", "uuid", "type")}


def _switched(row: Row, switches: Switches) -> Row:
    """What the switches make of a document."""
    texts = ["creator", "owner", "author", "checkout_user"] if switches.values == "strings" else []
    texts += ["checkout_user"] if switches.checkout_user_type == "string" else []
    shown = {key: str(row[key]) for key in texts}
    if switches.values == "strings":
        shown["checkout"] = str(row["checkout"]).lower()
    if switches.languages == "text":
        shown["languages"] = json.dumps(row["languages"])
    return shown
