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

Row = dict[str, Any]
TABLES = ("documents", "folders", "forks", "images", "taxonomies", "users", "groups")


class Account:
    """What one customer has. Thread safe; rows are never changed in place, an edit puts a new row.

    `seed` decides the UUIDs and the content that `generate` makes; `clock` gives unix seconds.
    """

    def __init__(self, *, seed: int = 1, clock: Callable[[], float] = time.time) -> None:
        self.seed = seed
        self.clock = clock
        self.lock = threading.RLock()
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in TABLES}
        self._ids: dict[str, dict[str, int]] = {name: {} for name in TABLES}
        self._last_id = 300
        self._chance = random.Random(f"uuid {seed}")  # noqa: S311 - sample data
        self._changes: deque[tuple[float, int, Row | None]] = deque(maxlen=100_000)  # (when, id, document before)

    @classmethod
    def generate(
        cls,
        *,
        documents: int = 24,
        folders: int = 6,
        publications: int = 2,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """A filled account, the same for the same arguments. `documents` counts the publications too."""
        account = cls(seed=seed, clock=clock)
        sample.fill(account, documents=documents, folders=folders, publications=publications)
        account._changes.clear()
        return account

    def find(self, table: str, key: str | int) -> Row | None:
        """The row with that id or UUID."""
        number = int(key) if is_integer(key) else self._ids[table].get(str(key), 0)
        return self.tables[table].get(number)

    def rows(self, table: str) -> list[Row]:
        """All rows by id."""
        with self.lock:
            return list(self.tables[table].values())

    def indexed(self, behind: float) -> list[Row]:
        """The documents as they were that many seconds ago."""
        with self.lock:
            past: dict[int, Row | None] = dict(self.tables["documents"])
            if behind:
                then = self.clock() - behind
                past |= {number: before for at, number, before in reversed(self._changes) if at > then}
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
            del self.tables[table][row["id"]], self._ids[table][row["uuid"]]
            if table == "documents":
                self._changes.append((self.clock(), row["id"], row))
            for fork in self.rows("forks") if table in ("documents", "forks") else []:
                placed = table == "documents" and fork["document"] == row["id"]
                if (placed or fork["parent"] == row["id"]) and fork["id"] in self.tables["forks"]:
                    self.delete("forks", fork["id"])

    def add_folder(self, name: str, parent: int = 0) -> Row:
        """Add a folder under a folder, or in the root (0)."""
        return self.insert("folders", {"name": name, "type": "folder", "parent": parent})

    def add_fork(self, parent: int, document: int, position: int | None = None) -> Row:
        """Place a document under a publication or fork: as the last one, or at a position (from 1; others shift)."""
        with self.lock:
            above = self.tables["forks"].get(parent)
            siblings = self.forks_under(parent)
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
        if table == "documents":
            return _document({**row, "content": ""} if listed else row, switches)
        if table == "folders":
            shown = {key: row[key] for key in ("id", "name", "uuid", "type")}
            return {**shown, "children": "" if listed else self._children(row["id"])}
        if table == "forks":
            return {**row, "document": _document(self.tables["documents"][row["document"]], switches)}
        shown = {key: value for key, value in row.items() if key != "uuid"}
        if table == "groups" and listed:
            del shown["users"]
        elif table == "groups":
            shown["users"] = [self.shape("users", self.tables["users"][number], switches) for number in row["users"]]
        return shown

    def _children(self, folder: int) -> list[Row]:
        places = (("folders", "parent"), ("documents", "parent_resource"), ("images", "parent"))
        inside = [row for table, key in places for row in self.rows(table) if row[key] == folder]
        return [{key: row[key] for key in ("id", "name", "uuid", "type")} for row in inside]

    def _known(self, table: str, key: int | str) -> Row:
        row = self.find(table, key)
        if row is None:
            raise InputError(f"The emulated account holds no {key!r} in its {table}.")
        return row

    def _put(self, table: str, row: Row) -> Row:
        if table == "documents":
            self._changes.append((self.clock(), row["id"], self.tables[table].get(row["id"])))
        self.tables[table][row["id"]] = row
        self._ids[table][row["uuid"]] = row["id"]
        return row


def _document(row: Row, switches: Switches) -> Row:
    shown = dict(row)
    if shown["checkout_user"] != "" and switches.checkout_user_type == "string":
        shown["checkout_user"] = str(shown["checkout_user"])
    if switches.values == "strings":
        shown.update({key: str(shown[key]) for key in ("creator", "owner", "author", "checkout_user")})
        shown["checkout"] = str(shown["checkout"]).lower()
    if switches.languages == "text":
        shown["languages"] = json.dumps(shown["languages"])
    return shown
