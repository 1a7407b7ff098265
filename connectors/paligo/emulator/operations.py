"""Every operation that the emulated service offers: one row each, and the functions the rows name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from . import search
from .account import Account, Row
from .bodies import Body, is_integer
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
        row = self.account.find(self.operation.group, self.key)
        if row is None:
            raise Refusal(404, "There is no such id.")
        return row

    def related(self, name: str, *tables: str) -> Row:
        """The row that a key of the body names, in one of these tables, or 422."""
        found = [row for table in tables if (row := self.account.find(table, self.given[name]))]
        if not found:
            raise Refusal(422, f"{name} names nothing.")
        return found[0]

    def folder(self) -> int:
        """The id of the folder that the body names as parent; 0, the root, if it names none."""
        return 0 if str(self.given.get("parent", 0)) == "0" else int(self.related("parent", "folders")["id"])

    def show(self, row: Row, status: int = 200) -> Answer:
        """One row, whole."""
        return Answer(status, self.account.shape(self.operation.group, row, self.switches))


@dataclass(frozen=True)
class Operation:
    """One row of the table. Its group is the first word of its path."""

    method: str
    path: str  # as the reference writes it, with or without the slash at the end; {id} is an id or a UUID
    spends: str  # what its budget counts it as: read, create, update, delete
    handler: Callable[[Call], Answer]
    body: Body | None = None  # the keys it may hold; None: no body is read
    required: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The endpoint group, and the key of its items in a list."""
        return self.path.split("/")[1]


def listed(call: Call, rows: list[Row]) -> Answer:
    """One page of rows in the envelope of every list."""
    group = call.operation.group
    chosen, facts = _page(call, rows, call.request.query)
    link = ""
    if facts["page"] < facts["total_pages"]:
        kept = call.request.query if call.switches.next_page == "filters" else {}
        query = urlencode({**kept, **({"per_page": facts["per_page"]} if kept else {}), "page": facts["page"] + 1})
        link = f"{call.request.origin}{call.request.path}?{query}"
    items = [call.account.shape(group, row, call.switches, listed=True) for row in chosen]
    envelope = {"page": facts["page"], "next_page": link, "total_pages": facts["total_pages"]}
    return Answer(200, {**envelope, group: items})


def _page(call: Call, rows: list[Row], asked: Mapping[str, Any]) -> tuple[list[Row], dict[str, int]]:
    page = max(1, _whole(asked.get("page"), 1))
    size = min(_whole(asked.get("per_page"), 0) or call.switches.default_per_page, call.switches.max_per_page)
    facts = {"page": page, "total_pages": -(-len(rows) // size), "per_page": size}
    return rows[(page - 1) * size : page * size], facts


def _whole(value: Any, default: int) -> int:
    return int(value) if value is not None and is_integer(value) else default


def list_documents(call: Call) -> Answer:
    """Filters that do not fit the service's own names are ignored."""
    query, rows = call.request.query, call.account.rows("documents")
    if "parent" in query or call.switches.scope == "root":
        rows = [row for row in rows if row["parent_resource"] == _asked_folder(call)]
    for name in query.keys() & {"creator", "owner", "author", "checkout"}:
        rows = [row for row in rows if str(row[name]).lower() == query[name].lower()]
    if "name" in query:
        rows = [row for row in rows if query["name"].lower() in row["name"].lower()]
    for field in ("created", "modified"):
        earliest, latest = (query.get(f"{field}_{edge}_at") for edge in ("start", "end"))
        rows = [row for row in rows if _whole(earliest, 0) <= row[f"{field}_at"] <= _whole(latest, 2**63)]
    return listed(call, rows)


def list_folders(call: Call) -> Answer:
    """Folders directly under a folder; the top ones without `parent`."""
    return listed(call, [row for row in call.account.rows("folders") if row["parent"] == _asked_folder(call)])


def _asked_folder(call: Call) -> int | None:
    asked = call.request.query.get("parent", "0")
    folder = call.account.find("folders", asked)
    return folder["id"] if folder else 0 if asked == "0" else None


def list_forks(call: Call) -> Answer:
    """Forks directly under a publication or a fork; none without `parent`."""
    asked = call.request.query.get("parent", "")
    above = call.account.find("documents", asked) or call.account.find("forks", asked)
    return listed(call, call.account.forks_under(above["id"]) if above else [])


def list_by_type(call: Call) -> Answer:
    """All rows, or those of one type."""
    rows, kind = call.account.rows(call.operation.group), call.request.query.get("type")
    return listed(call, [row for row in rows if kind in (None, row["type"])])


def show(call: Call) -> Answer:
    """One row."""
    return call.show(call.row())


def show_folder(call: Call) -> Answer:
    """One folder with its children; id 0 answers the list of the top folders."""
    return list_folders(call) if call.key == "0" else show(call)


def create_document(call: Call) -> Answer:
    """By subtype, or as a copy of a template."""
    given = {**call.given, "parent": call.folder()}
    if "template" in given:
        template = call.related("template", "documents")
        given = {"subtype": template["subtype"], "content": template["content"], **given}
        del given["template"]
    if given.get("subtype") not in SUBTYPES:
        raise Refusal(400, "Unsupported document type")
    return call.show(call.account.add_document(**{"name": "Untitled", **given}), 201)


def update_document(call: Call) -> Answer:
    """Only what is sent changes. A forced check-out is no edit: `modified_at` stays."""
    given, row = dict(call.given), call.row()
    if "release_status" in given:
        given["release_status"] = STATUSES[given["release_status"]]
    if "taxonomies" in given:
        tags = [call.account.find("taxonomies", key) for key in given["taxonomies"]]
        if None in tags:
            raise Refusal(422, "taxonomies names nothing.")
        given["taxonomies"] = [{key: tag[key] for key in ("id", "title", "color")} for tag in tags if tag]
    if "checkout" in given:
        given["checkout"] = str(given["checkout"]).lower() == "true"
        given["checkout_user"] = 2 if given["checkout"] else ""
    if not given.keys() - {"checkout", "checkout_user"}:
        given["modified_at"] = row["modified_at"]
    return call.show(call.account.edit_document(row["id"], **given), 201)


def delete(call: Call) -> Answer:
    """Gone at once, with what hangs under it: reading it is a 404 from now on."""
    call.account.delete(call.operation.group, call.row()["id"])
    return Answer(204)


def create_folder(call: Call) -> Answer:
    """Takes `title`, answers `name`."""
    return call.show(call.account.add_folder(call.given["title"], call.folder()), 201)


def create_fork(call: Call) -> Answer:
    """Under a document or a fork."""
    position = call.given.get("position")
    parent, document = call.related("parent", "documents", "forks")["id"], call.related("document", "documents")["id"]
    return call.show(call.account.add_fork(parent, document, None if position is None else int(position)), 201)


def query(call: Call) -> Answer:
    """Search. Its envelope has no next_page."""
    if call.switches.search != "on":
        raise Refusal(int(call.switches.search), "Search is switched so.")
    resource = call.given["resource"]
    rows = call.account.rows(resource) if resource != "documents" else call.account.indexed(call.switches.search_lag)
    found = search.matching(rows, resource, call.given.get("where", []))
    chosen, facts = _page(call, found, call.given)
    bare = resource == "documents" and not call.switches.search_content
    items = [call.account.shape(resource, row, call.switches, listed=bare) for row in chosen]
    return Answer(201, {**facts, "items": items})


DOCUMENT = {"name": "text", "custom_attributes": "attributes", "content": "xml"}
NEW_DOCUMENT: Body = {**DOCUMENT, "parent": "key", "subtype": "text", "template": "key"}
EDIT: Body = {**DOCUMENT, "checkout": "boolean", "taxonomies": "keys", "release_status": tuple(STATUSES)}
FORK: Body = {"parent": "key", "document": "key", "position": "integer or null"}
SEARCH: Body = {"resource": tuple(search.PROPERTIES), "page": "integer", "per_page": "integer", "where": "list"}
OPERATIONS = (
    Operation("GET", "/documents", "read", list_documents),
    Operation("GET", "/documents/{id}", "read", show),
    Operation("POST", "/documents/", "create", create_document, NEW_DOCUMENT),
    Operation("PUT", "/documents/{id}", "update", update_document, EDIT),
    Operation("DELETE", "/documents/{id}", "delete", delete),
    Operation("GET", "/folders", "read", list_folders),
    Operation("GET", "/folders/{id}", "read", show_folder),
    Operation("POST", "/folders/", "create", create_folder, {"title": "text", "parent": "key"}, ("title",)),
    Operation("GET", "/forks", "read", list_forks),
    Operation("GET", "/forks/{id}", "read", show),
    Operation("POST", "/forks/", "create", create_fork, FORK, ("parent", "document")),
    Operation("DELETE", "/forks/{id}", "delete", delete),
    Operation("POST", "/search/", "read", query, SEARCH, ("resource",)),
    Operation("GET", "/groups", "read", list_by_type),
    Operation("GET", "/groups/{id}", "read", show),
    Operation("GET", "/users/", "read", list_by_type),
    Operation("GET", "/users/{id}/", "read", show),
)
_PLACES: dict[tuple[str, bool], dict[str, Operation]] = {}  # (group, names one item) → method → operation
for _operation in OPERATIONS:
    _PLACES.setdefault((_operation.group, "{id}" in _operation.path), {})[_operation.method] = _operation


def find(request: Request) -> tuple[Operation, str]:
    """The operation that a request means, and the id in its path. Raises Refusal 404 or 405."""
    path = request.path
    parts = path[len(BASE) :].strip("/").split("/") if path.startswith(f"{BASE}/") and "//" not in path else []
    methods = _PLACES.get((parts[0], len(parts) == 2)) if 1 <= len(parts) <= 2 else None
    if methods is None:
        raise Refusal(404, "There is no such path.")
    operation = methods.get(request.method)
    if operation is None:
        raise Refusal(405, "This path has no such method.")
    return operation, parts[1] if len(parts) == 2 else ""
