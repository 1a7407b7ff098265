"""What an answer shows of a row: which fields, in which types. Differs per table where evidence says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from . import jobs
from .switches import Switches

if TYPE_CHECKING:
    from .account import Account, Row

ORIGIN = "https://connectors-emulator.paligoapp.com"
BRIEF = ("id", "name", "uuid", "type")
JOB = ("id", "status", "message")
SHOWN: dict[str, tuple[str, ...]] = {  # table → its fields that are shown as they are; all, for the others
    "folders": BRIEF,
    "images": (*BRIEF, "creator", "owner", "author", "created_at", "description"),
    "taxonomies": ("id", "title", "color", "parent"),
    "users": ("id", "username", "name", "email", "type"),
    "groups": ("id", "name", "type"),
    "publishsettings": (
        *("id", "name", "resource", "created_at", "modified_at", "reuse", "shared", "creator", "format"),
    ),
    "variablesets": ("id", "title"),
    "variants": ("id", "variable_set_id", "title"),
    "variables": ("id", "variable_set_id", "title", "type"),
    "variablevalues": ("id", "variable_set_id", "variable_id", "variant_id", "value"),
    "assignments": (
        *("id", "document_id", "type", "status", "lang", "issuer", "issuer_id", "created_at"),
        *("start_date", "end_date", "message", "user_statuses"),
    ),
    **dict.fromkeys(jobs.KINDS, JOB),
    "imports": (*JOB, "user"),
}
PEOPLE = ("creator", "owner", "author", "checkout_user", "user", "issuer_id")
TEXTS = (*PEOPLE, "checkout", "reuse", "shared")  # booleans and user ids: strings in the reference's examples


@dataclass(frozen=True)
class View:
    """An account as one caller sees it: behind these switches, at this scheme and host."""

    account: Account
    switches: Switches
    origin: str

    def shape(self, table: str, row: Row, *, listed: bool = False) -> Row:
        """A row as an answer shows it: alone, or as an item of a list."""
        shown = {name: row[name] for name in SHOWN.get(table, row) if name in row}
        special = SPECIAL.get(table)
        shown |= special(self, row, listed) if special else {}
        if self.switches.values == "strings":
            shown |= {name: text(shown[name]) for name in TEXTS if name in shown}
        return shown


def text(value: Any) -> str:
    """A number or truth value as the text that the reference's examples show."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(view: View, row: Row, listed: bool) -> Row:
    tags = [view.account.tables["taxonomies"].get(tag["id"], tag) for tag in row["taxonomies"]]
    shown: Row = {"taxonomies": [{key: tag[key] for key in tag if key in ("id", "title", "color")} for tag in tags]}
    if view.switches.checkout_user_type == "string":
        shown["checkout_user"] = str(row["checkout_user"])
    if view.switches.languages == "text":
        shown["languages"] = json.dumps(row["languages"])
    return shown | ({"content": ""} if listed else {})


def _folder(view: View, row: Row, listed: bool) -> Row:
    """The children of a folder: everything in it, told apart by type; an empty text in lists."""
    places = (("folders", "parent"), ("documents", "parent_resource"), ("images", "parent"))
    tables = [] if listed else [(view.account.rows(table), key) for table, key in places]
    children = [
        {name: child[name] for name in BRIEF} for rows, key in tables for child in rows if child[key] == row["id"]
    ]
    if view.switches.values == "strings":
        children = [{**child, "id": str(child["id"])} for child in children]
    return {"children": "" if listed else children}


def _fork(view: View, row: Row, listed: bool) -> Row:  # noqa: ARG001 - alike in lists
    return {"document": view.shape("documents", view.account.tables["documents"][row["document"]])}


def _image(view: View, row: Row, listed: bool) -> Row:  # noqa: ARG001 - alike in lists
    return {"content_url": f"{view.origin}/files/{row['id']}/{quote(row['name'], safe='')}"}


def _group(view: View, row: Row, listed: bool) -> Row:
    users = view.account.tables["users"]
    return {} if listed else {"users": [view.shape("users", users[key]) for key in row["users"] if key in users]}


def _job(view: View, row: Row, listed: bool) -> Row:  # noqa: ARG001 - alike in lists
    return jobs.shown(row, view.switches, view.origin)


SPECIAL: dict[str, Callable[[View, Row, bool], Row]] = {
    "documents": _document,
    "folders": _folder,
    "forks": _fork,
    "images": _image,
    "groups": _group,
    **dict.fromkeys(jobs.KINDS, _job),
}
