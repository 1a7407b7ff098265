"""What the operations do that the rows of the table name, apart from jobs."""

from __future__ import annotations

import mimetypes

from .account import Row
from .bodies import File, matching
from .call import FITS, Call
from .exchange import Answer, Refusal
from .fitting import fitting
from .sample import MEDIA, picture

STATUSES = {
    "STATUS_NOT_RELEASED": "Work in progress",
    "STATUS_IN_TECHNICAL_REVIEW": "In review",
    "STATUS_IN_TRANSLATION": "In translation",
    "STATUS_IN_RELEASE_REVIEW": "In translation review",
    "STATUS_RELEASED": "Released",
}
SUBTYPES = {"publication", "component", "informaltopic", "appendix", "danger", "warning"}
SUBTYPES |= {"caution", "notice", "note", "important", "tip", "custom"}


def list_rows(call: Call) -> Answer:
    """The rows under the parent asked for (0 if none is), of which all filters hold; other parameters are ignored."""
    query, operation = call.request.query, call.operation
    rows = call.account.rows(operation.group)
    if operation.under and ("parent" in query or operation.group != "documents" or call.switches.scope == "root"):
        asked, (name, *tables) = query.get("parent", "0"), operation.under
        above = call.account.find(asked, *tables) or {"id": 0 if asked == "0" else None}
        roots = (0, MEDIA) if above["id"] == 0 and call.switches.media == "listed" else (above["id"],)
        rows = [row for row in rows if row[name] in roots]
    for parameter, (how, name) in operation.filters.items():
        if parameter in query:
            rows = [row for row in rows if FITS[how](row[name], query[parameter])]
    return call.listed(sorted(rows, key=lambda row: row.get("position", 0)))


def show(call: Call) -> Answer:
    """One row. Folder 0 answers the list of the top folders instead."""
    if call.table == "folders" and call.key == "0":
        return list_rows(call)
    return call.show(call.row())


def show_image(call: Call) -> Answer:
    """What is known of it, or its bytes."""
    row, query = call.row(), call.request.query
    if query.get("download", "").lower() not in ("true", "1"):
        return call.show(row)
    return _bytes(row, query.get("variant", ""), query.get("size", ""))


def create(call: Call) -> Answer:
    """A row of the fields given, if they go together."""
    return call.show(call.account.add(call.table, **fitting(call, {})), 201)


def update(call: Call) -> Answer:
    """Only what is sent changes."""
    row = call.row()
    return call.show(call.account.edit(call.table, row["id"], **fitting(call, row)), 201)


def create_document(call: Call) -> Answer:
    """By subtype, or as a copy of a template."""
    given = {"name": "Untitled", "parent": 0, **call.fields()}
    if "template" in given:
        template = call.account.tables["documents"][given.pop("template")]
        given = {"subtype": template["subtype"], "content": template["content"], **given}
    if given.get("subtype") not in SUBTYPES:
        raise Refusal(400, "Unsupported document type")
    return call.show(call.account.add_document(**given), 201)


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
    fields = call.fields()
    return call.show(call.account.add_folder(fields["title"], fields.get("parent", 0)), 201)


def create_fork(call: Call) -> Answer:
    """Under a document or a fork."""
    fields = call.fields()
    position = fields.get("position")
    place = None if position is None else int(position)
    return call.show(call.account.add_fork(fields["parent"], fields["document"], place), 201)


def put_image(call: Call) -> Answer:
    """A new image, or another file for one: of a variant and size, if the form names them."""
    fields = call.fields()
    if "parent" in fields and call.switches.image_parent == "refused":
        raise Refusal(422, "Invalid request body: parent")
    file, place = fields.get("image"), (fields.get("variant", ""), fields.get("size", ""))
    files = {place: file.content} if isinstance(file, File) else {}
    if call.key:
        row = call.row()
        return call.show(call.account.edit("images", row["id"], files={**row["files"], **files}), 201)
    made = call.account.add("images", name=fields["image"].name, parent=fields.get("parent", 0), files=files)
    return call.show(made, 201)


def delete(call: Call) -> Answer:
    """Gone at once, with what hangs under it: reading it is a 404 from now on."""
    row, table = call.row(), call.table
    forced = call.request.query.get("force", "").lower() in ("true", "1")
    if table == "taxonomies" and not forced and any(row["id"] == each["parent"] for each in call.account.rows(table)):
        raise Refusal(422, "It has others below it.")
    if table == "variablevalues" and call.switches.value_delete != "on":
        raise Refusal(int(call.switches.value_delete), "It is switched so.")
    call.account.delete(table, row["id"])
    return Answer(call.operation.deletes, {"message": "Assignment deleted."} if table == "assignments" else None)


def search(call: Call) -> Answer:
    """Its envelope has no next_page."""
    if call.switches.search != "on":
        raise Refusal(int(call.switches.search), "Search is switched so.")
    resource = call.given["resource"]
    rows = call.account.rows(resource, behind=call.switches.search_lag if resource == "documents" else 0)
    chosen, (page, total, size) = call.page(matching(rows, resource, call.given.get("where", [])), call.given)
    bare = resource == "documents" and not call.switches.search_content
    items = [call.view.shape(resource, row, listed=bare) for row in chosen]
    return Answer(201, {"page": page, "total_pages": total, "per_page": size, "items": items})


def image_file(call: Call) -> Answer:
    """What `content_url` leads to."""
    if row := call.account.find(call.key, "images"):
        return _bytes(row)
    raise Refusal(404, "There is no such image.")


def _bytes(row: Row, variant: str = "", size: str = "") -> Answer:
    """The file of that variant and size, else the one that an image has; else a picture made from its id."""
    files = row["files"]
    usual = next(iter(files.values()), picture(row["id"]))
    content = files.get((variant, size), files.get((variant, ""), usual))
    kind = mimetypes.guess_type(row["name"])[0] or "application/octet-stream"
    return Answer(200, content, {"Content-Type": kind})
