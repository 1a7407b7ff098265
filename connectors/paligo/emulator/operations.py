"""Every operation that the emulated service offers: one row each, and the functions the rows name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .account import Account, Row
from .bodies import PROPERTIES, Body, is_integer, matching
from .exchange import Answer, Refusal, Request
from .switches import Switches

BASE = "/api/v2"
STATUSES = {
    "STATUS_NOT_RELEASED": "Work in progress",
    "STATUS_IN_TECHNICAL_REVIEW": "In review",
    "STATUS_IN_TRANSLATION": "In translation",
    "STATUS_IN_RELEASE_REVIEW": "In translation review",
    "STATUS_RELEASED": "Released",
}
SUBTYPES = {"publication", "component", "informaltopic", "appendix", "danger", "warning"}
SUBTYPES |= {"caution", "notice", "note", "important", "tip", "custom"}


@dataclass(frozen=True)
class Call:
    """One request to one operation, checked."""

    request: Request
    operation: Operation
    key: str  # the id or UUID in the path, or nothing
    given: dict[str, Any]  # the JSON body
    account: Account
    switches: Switches

    def row(self) -> Row:
        """The row that the path names, or 404."""
        if row := self.account.find(self.key, self.operation.group):
            return row
        raise Refusal(404, "There is no such id.")

    def related(self, name: str, *tables: str) -> Row:
        """The row that a key of the body names, in one of these tables, or 422."""
        if row := self.account.find(self.given[name], *tables):
            return row
        raise Refusal(422, f"{name} names nothing.")

    def folder(self) -> int:
        """The id of the folder that the body names as parent; 0, the root, if it names none."""
        return 0 if str(self.given.get("parent", 0)) == "0" else int(self.related("parent", "folders")["id"])

    def show(self, row: Row, status: int = 200) -> Answer:
        """One row, whole."""
        return Answer(status, self.account.shape(self.operation.group, row, self.switches))

    def page(self, rows: list[Row], asked: Mapping[str, Any]) -> tuple[list[Row], tuple[int, int, int]]:
        """The rows on the page asked for; its number, how many there are, and their size. Odd numbers are ignored."""
        page = max(1, _whole(asked.get("page"), 1))
        size = min(_whole(asked.get("per_page"), 0) or self.switches.default_per_page, self.switches.max_per_page)
        return rows[(page - 1) * size : page * size], (page, -(-len(rows) // size), size)

    def listed(self, rows: list[Row]) -> Answer:
        """One page of rows in the envelope of every list."""
        request, group, link = self.request, self.operation.group, ""
        chosen, (page, total, size) = self.page(rows, request.query)
        if page < total:
            kept = {**request.query, "per_page": size} if request.query and self.switches.next_page == "filters" else {}
            link = f"{request.origin}{request.path}?{urlencode({**kept, 'page': page + 1})}"
        items = [self.account.shape(group, row, self.switches, listed=True) for row in chosen]
        return Answer(200, {"page": page, "next_page": link, "total_pages": total, group: items})


def _whole(value: Any, default: int) -> int:
    return int(value) if is_integer(value) else default


# How a query parameter may narrow a list: for the value found in a row, and the text given
FITS: dict[str, Callable[[Any, str], bool]] = {
    "equals": lambda found, text: str(found).lower() == text.lower(),
    "contains": lambda found, text: text.lower() in found.lower(),
    "from": lambda found, text: found >= _whole(text, 0),
    "to": lambda found, text: found <= _whole(text, 2**63),
}


@dataclass(frozen=True)
class Operation:
    """One row of the table. Its group, also the key of its items in a list, is the first word of its path."""

    method: str
    path: str  # as the reference writes it, with or without the slash at the end; {id} is an id or a UUID
    spends: str  # what its budget counts it as: read, create, update, delete
    handler: Callable[[Call], Answer]
    body: Body | None = None  # the keys it may hold; None: no body is read
    required: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # parameter → how (FITS), and of which field
    under: tuple[str, ...] = ()  # what the parameter `parent` is about: a field, and the tables it points to

    @property
    def group(self) -> str:
        """The endpoint group."""
        return self.path.split("/")[1]

    def limit(self, plan: str) -> int:
        """Its budget: calls a window."""
        figures = LIMITS.get((self.group, self.spends), READ if self.spends == "read" else WRITE)
        return figures[plan == "enterprise"]


def list_rows(call: Call) -> Answer:
    """The rows under the parent asked for (0 if none is), of which all filters hold; other parameters are ignored."""
    query, operation = call.request.query, call.operation
    rows = call.account.rows(operation.group)
    if operation.under and ("parent" in query or operation.group != "documents" or call.switches.scope == "root"):
        asked, (name, *tables) = query.get("parent", "0"), operation.under
        above = call.account.find(asked, *tables) or {"id": 0 if asked == "0" else None}
        rows = [row for row in rows if row[name] == above["id"]]
    for parameter, (how, name) in operation.filters.items():
        if parameter in query:
            rows = [row for row in rows if FITS[how](row[name], query[parameter])]
    return call.listed(sorted(rows, key=lambda row: row.get("position", 0)))


def show(call: Call) -> Answer:
    """One row. Folder 0 answers the list of the top folders instead."""
    if call.operation.group == "folders" and call.key == "0":
        return list_rows(call)
    return call.show(call.row())


def create_document(call: Call) -> Answer:
    """By subtype, or as a copy of a template."""
    given = {**call.given, "parent": call.folder()}
    if given.pop("template", None) is not None:
        template = call.related("template", "documents")
        given = {"subtype": template["subtype"], "content": template["content"], **given}
    if given.get("subtype") not in SUBTYPES:
        raise Refusal(400, "Unsupported document type")
    return call.show(call.account.add_document(**{"name": "Untitled", **given}), 201)


def update_document(call: Call) -> Answer:
    """Only what is sent changes. A forced check-out is no edit: `modified_at` stays."""
    given, row = dict(call.given), call.row()
    if "release_status" in given:
        given["release_status"] = STATUSES[given["release_status"]]
    if "taxonomies" in given:
        tags = [call.account.find(key, "taxonomies") for key in given["taxonomies"]]
        if None in tags:
            raise Refusal(422, "taxonomies names nothing.")
        given["taxonomies"] = [{key: tag[key] for key in ("id", "title", "color")} for tag in tags if tag]
    if "checkout" in given:
        given["checkout"] = str(given["checkout"]).lower() == "true"
        given["checkout_user"] = 2 if given["checkout"] else ""
    if not given.keys() - {"checkout", "checkout_user"}:
        given["modified_at"] = row["modified_at"]
    return call.show(call.account.edit_document(row["id"], **given), 201)


def create_folder(call: Call) -> Answer:
    """Takes `title`, answers `name`."""
    return call.show(call.account.add_folder(call.given["title"], call.folder()), 201)


def create_fork(call: Call) -> Answer:
    """Under a document or a fork."""
    parent, document = call.related("parent", "documents", "forks")["id"], call.related("document", "documents")["id"]
    position = call.given.get("position")
    return call.show(call.account.add_fork(parent, document, None if position is None else int(position)), 201)


def delete(call: Call) -> Answer:
    """Gone at once, with what hangs under it: reading it is a 404 from now on."""
    call.account.delete(call.operation.group, call.row()["id"])
    return Answer(204)


def search(call: Call) -> Answer:
    """Its envelope has no next_page."""
    if call.switches.search != "on":
        raise Refusal(int(call.switches.search), "Search is switched so.")
    resource = call.given["resource"]
    rows = call.account.rows(resource, behind=call.switches.search_lag if resource == "documents" else 0)
    chosen, (page, total, size) = call.page(matching(rows, resource, call.given.get("where", [])), call.given)
    bare = resource == "documents" and not call.switches.search_content
    items = [call.account.shape(resource, row, call.switches, listed=bare) for row in chosen]
    return Answer(201, {"page": page, "total_pages": total, "per_page": size, "items": items})


TYPE = {"type": ("equals", "type")}
FILTERS = {name: ("equals", name) for name in ("creator", "owner", "author", "checkout")}
FILTERS |= {"name": ("contains", "name")}
FILTERS |= {f"{when}_start_at": ("from", f"{when}_at") for when in ("created", "modified")}
FILTERS |= {f"{when}_end_at": ("to", f"{when}_at") for when in ("created", "modified")}
DOCUMENT = {"name": "text", "custom_attributes": "attributes", "content": "xml"}
NEW_DOCUMENT: Body = {**DOCUMENT, "parent": "key", "subtype": "text", "template": "key"}
EDIT: Body = {**DOCUMENT, "checkout": "boolean", "taxonomies": "keys", "release_status": tuple(STATUSES)}
FORK: Body = {"parent": "key", "document": "key", "position": "integer or null"}
SEARCH: Body = {"resource": tuple(PROPERTIES), "page": "integer", "per_page": "integer", "where": "list"}
OPERATIONS = (
    Operation("GET", "/documents", "read", list_rows, filters=FILTERS, under=("parent_resource", "folders")),
    Operation("GET", "/documents/{id}", "read", show),
    Operation("POST", "/documents/", "create", create_document, NEW_DOCUMENT),
    Operation("PUT", "/documents/{id}", "update", update_document, EDIT),
    Operation("DELETE", "/documents/{id}", "delete", delete),
    Operation("GET", "/folders", "read", list_rows, under=("parent", "folders")),
    Operation("GET", "/folders/{id}", "read", show, under=("parent", "folders")),
    Operation("POST", "/folders/", "create", create_folder, {"title": "text", "parent": "key"}, ("title",)),
    Operation("GET", "/forks", "read", list_rows, under=("parent", "documents", "forks")),
    Operation("GET", "/forks/{id}", "read", show),
    Operation("POST", "/forks/", "create", create_fork, FORK, ("parent", "document")),
    Operation("DELETE", "/forks/{id}", "delete", delete),
    Operation("POST", "/search/", "read", search, SEARCH, ("resource",)),
    Operation("GET", "/groups", "read", list_rows, filters=TYPE),
    Operation("GET", "/groups/{id}", "read", show),
    Operation("GET", "/users/", "read", list_rows, filters=TYPE),
    Operation("GET", "/users/{id}/", "read", show),
)
READ, WRITE = (50, 250), (10, 20)  # calls a window on Business and Enterprise; also where none is published
LIMITS = {("folders", "create"): (10, 100), ("forks", "create"): (20, 100), ("forks", "delete"): (20, 100)}


def find(request: Request) -> tuple[Operation, str]:
    """The operation that a request means, and the id in its path. Raises Refusal 404 or 405."""
    match = re.fullmatch(rf"{BASE}/([^/]+)(?:/([^/]+))?/?", request.path)
    group, key = match.groups("") if match else ("", "")
    methods = {each.method: each for each in OPERATIONS if (each.group, "{id}" in each.path) == (group, key != "")}
    if not methods:
        raise Refusal(404, "There is no such path.")
    if request.method not in methods:
        raise Refusal(405, "This path has no such method.")
    return methods[request.method], key
