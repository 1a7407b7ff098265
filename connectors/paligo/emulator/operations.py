"""Every operation that the emulated service offers: one row each."""

from __future__ import annotations

import re

from .answers import (
    STATUSES,
    create,
    create_document,
    create_folder,
    create_fork,
    delete,
    image_file,
    list_rows,
    put_image,
    search,
    show,
    show_image,
    update,
    update_document,
)
from .bodies import PROPERTIES, Body
from .call import FREE, Operation
from .exchange import Refusal, Request
from .job_answers import job_log, output, show_job, start_export, start_import, start_production, start_translation

BASE = "/api/v2"


def _same(*names: str) -> dict[str, tuple[str, str]]:
    return {name: ("equals", name) for name in names}


SPANS = (("start", "from"), ("end", "to"))
FILTERS = {**_same("creator", "owner", "author", "checkout"), "name": ("contains", "name")}
FILTERS |= {f"{when}_{end}_at": (how, f"{when}_at") for when in ("created", "modified") for end, how in SPANS}
IN_FOLDER, IN_TAXONOMY, IN_DOCUMENT = ("parent", "folders"), ("parent", "taxonomies"), ("parent", "documents", "forks")
DOCUMENT: Body = {"name": "text", "custom_attributes": "attributes", "content": "xml"}
NEW_DOCUMENT: Body = {**DOCUMENT, "parent": "key", "subtype": "text", "template": "key"}
EDIT: Body = {**DOCUMENT, "checkout": "boolean", "taxonomies": "keys", "release_status": tuple(STATUSES)}
FORK: Body = {"parent": "key", "document": "key", "position": "integer or null"}
SEARCH: Body = {"resource": tuple(PROPERTIES), "page": "integer", "per_page": "integer", "where": "list"}
SIZES = ("pre", "scr", "lpr", "hpr", "icn", "spr")
IMAGE: Body = {"image": "file", "variant": "text", "trim": "boolean", "size": SIZES}
SOURCES = ("paligo", "db5", "db4", "xhtml", "confluence", "dita", "flare", "helpandmanual", "docx", "authorit")
FLAGS = ("match_components", "generate_hazard", "ignore_warnings", "import_missing_images", "folder_numbering")
IMPORT: Body = {
    "archive": "file", "parent": "key", "type": (*SOURCES, "zendesk", "openapi"), "zendesk_category": "text",
    "openapi_languages": "texts", "openapi_maxdepth": "integer", "title_prefix": "text",
    "folder_levels": "integer", "use_varset_id": "key", **dict.fromkeys(FLAGS, "boolean"),
}  # fmt: skip
EXPORT: Body = {
    "document": "key or keys", "source": "text", "target": "texts", "format": ("xliff", "xliffswordfish", "po"),
    **dict.fromkeys(("approved", "fuzzy", "force", "preview", "varinfo"), "boolean"),
}  # fmt: skip
EXPORTED = ("document", "source", "target", "format")
TRANSLATION: Body = {
    "translation": "file", "document": "key or keys", "target": "texts", "honor_status": "boolean", "force": "boolean",
}  # fmt: skip
TITLE: Body = {"title": "text"}
TAXONOMY: Body = {**TITLE, "color": "color", "parent": "key"}
VARIANT: Body = {**TITLE, "variable_set_id": "key"}
VARIABLE: Body = {**TITLE, "type": ("text", "xml", "translation", "image")}
NEW_VARIABLE: Body = {**VARIABLE, "variable_set_id": "key"}
VALUE: Body = {"value": "any", "variable_id": "key", "variant_id": "key"}
REVIEW: Body = {
    "assignees": "assignees", "document": "key", "lang": "text", "start_date": "integer", "end_date": "integer",
    "message": "text",
}  # fmt: skip
EDIT_REVIEW: Body = {**REVIEW, "status": ("draft", "started", "finished")}
NEW_REVIEW: Body = {**REVIEW, "type": ("contribution", "review", "translation", "translationreview")}
REVIEWED = tuple(key for key in NEW_REVIEW if key != "message")
REVIEWS = {**_same("status", "lang", "type"), "issuer": ("equals", "issuer_id")}
REVIEWS |= {who: ("holds", who) for who in ("users", "groups")}
NAMED, TITLED, SET = {"name": ("contains", "name")}, {"title": ("contains", "title")}, _same("variable_set_id")
OPERATIONS = (
    Operation("GET", "/documents", "read", list_rows, filters=FILTERS, under=("parent_resource", "folders")),
    Operation("GET", "/documents/{id}", "read", show),
    Operation("POST", "/documents/", "create", create_document, NEW_DOCUMENT, under=IN_FOLDER),
    Operation("PUT", "/documents/{id}", "update", update_document, EDIT),
    Operation("DELETE", "/documents/{id}", "delete", delete, deletes=204),
    Operation("GET", "/folders", "read", list_rows, under=IN_FOLDER),
    Operation("GET", "/folders/{id}", "read", show, under=IN_FOLDER),
    Operation("POST", "/folders/", "create", create_folder, {**TITLE, "parent": "key"}, ("title",), under=IN_FOLDER),
    Operation("GET", "/forks", "read", list_rows, under=IN_DOCUMENT),
    Operation("GET", "/forks/{id}", "read", show),
    Operation("POST", "/forks/", "create", create_fork, FORK, ("parent", "document"), under=IN_DOCUMENT),
    Operation("DELETE", "/forks/{id}", "delete", delete, deletes=204),
    Operation("GET", "/images", "read", list_rows, filters=NAMED, under=IN_FOLDER),
    Operation("GET", "/images/{id}", "read", show_image),
    Operation("POST", "/images/", "create", put_image, {**IMAGE, "parent": "key"}, ("image",), under=IN_FOLDER),
    Operation("PUT", "/images/{id}", "update", put_image, IMAGE),
    Operation("POST", "/search/", "read", search, SEARCH, ("resource",)),
    Operation("GET", "/imports/", "read", list_rows, filters=_same("user", "status")),
    Operation("GET", "/imports/{id}", "read", show_job),
    Operation("POST", "/imports/", "create", start_import, IMPORT, ("archive",), under=IN_FOLDER),
    Operation("GET", "/outputs/{name}", "read", output),
    Operation("GET", "/productions/", "read", list_rows),
    Operation("GET", "/productions/{id}", "read", show_job),
    Operation("POST", "/productions/", "create", start_production, {"publishsetting": "key"}, ("publishsetting",)),
    Operation("GET", "/publishsettings/", "read", list_rows, filters=_same("format", "resource")),
    Operation("GET", "/publishsettings/{id}", "read", show),
    Operation("GET", "/translationexports/", "read", list_rows),
    Operation("GET", "/translationexports/{id}", "read", show_job),
    Operation("POST", "/translationexports/", "create", start_export, EXPORT, EXPORTED),
    Operation("GET", "/translationimports/", "read", list_rows),
    Operation("GET", "/translationimports/{id}", "read", show_job),
    Operation("POST", "/translationimports/", "create", start_translation, TRANSLATION, ("translation",)),
    Operation("GET", "/taxonomies/", "read", list_rows, filters={**TITLED, **_same("color")}, under=IN_TAXONOMY),
    Operation("GET", "/taxonomies/{id}/", "read", show),
    Operation("POST", "/taxonomies/", "create", create, TAXONOMY, ("title",), under=IN_TAXONOMY),
    Operation("PUT", "/taxonomies/{id}/", "update", update, TAXONOMY, ("title",), under=IN_TAXONOMY),
    Operation("DELETE", "/taxonomies/{id}/", "delete", delete, deletes=204),
    Operation("GET", "/variablesets/", "read", list_rows),
    Operation("GET", "/variablesets/{id}/", "read", show),
    Operation("POST", "/variablesets/", "create", create, TITLE, ("title",)),
    Operation("PUT", "/variablesets/{id}/", "update", update, TITLE),
    Operation("DELETE", "/variablesets/{id}/", "delete", delete),
    Operation("GET", "/variants/", "read", list_rows, filters=SET),
    Operation("GET", "/variants/{id}", "read", show),
    Operation("POST", "/variants/", "create", create, VARIANT, ("title", "variable_set_id")),
    Operation("PUT", "/variants/{id}", "update", update, TITLE),
    Operation("DELETE", "/variants/{id}", "delete", delete),
    Operation("GET", "/variables/", "read", list_rows, filters=SET),
    Operation("GET", "/variables/{id}/", "read", show),
    Operation("POST", "/variables/", "create", create, NEW_VARIABLE, ("title", "variable_set_id")),
    Operation("PUT", "/variables/{id}/", "update", update, VARIABLE),
    Operation("DELETE", "/variables/{id}/", "delete", delete),
    Operation("GET", "/variablevalues/", "read", list_rows, filters={**SET, **_same("variable_id", "variant_id")}),
    Operation("GET", "/variablevalues/{id}/", "read", show),
    Operation("POST", "/variablevalues/", "create", create, VALUE, tuple(VALUE)),
    Operation("PUT", "/variablevalues/{id}/", "update", update, {"value": "any"}),
    Operation("DELETE", "/variablevalues/{id}/", "delete", delete),
    Operation("GET", "/groups", "read", list_rows, filters=_same("type")),
    Operation("GET", "/groups/{id}", "read", show),
    Operation("GET", "/users/", "read", list_rows, filters=_same("type")),
    Operation("GET", "/users/{id}/", "read", show),
    Operation("GET", "/assignments/", "read", list_rows, filters=REVIEWS),
    Operation("GET", "/assignments/{id}/", "read", show),
    Operation("POST", "/assignments/", "create", create, NEW_REVIEW, REVIEWED),
    Operation("PUT", "/assignments/{id}/", "update", update, EDIT_REVIEW),
    Operation("DELETE", "/assignments/{id}/", "delete", delete, deletes=200),
)
FILES = (  # what addresses in answers lead to, beside the API
    (r"/files/(\d+)/[^/]+", Operation("GET", "/files/{id}/{name}", FREE, image_file)),
    (r"/(production\.\d+-\d+)/out\.log", Operation("GET", "/{id}/out.log", FREE, job_log)),
    (r"/([^/]+\.zip)", Operation("GET", "/{name}", FREE, output)),
)


def find(request: Request) -> tuple[Operation, str]:
    """The operation that a request means, and the id in its path. Raises Refusal 404 or 405."""
    for pattern, operation in FILES:
        if found := re.fullmatch(pattern, request.path):
            methods, key = {operation.method: operation}, found[1]
            break
    else:
        match = re.fullmatch(rf"{BASE}/([^/]+)(?:/([^/]+))?/?", request.path)
        group, key = match.groups("") if match else ("", "")
        methods = {each.method: each for each in OPERATIONS if (each.group, "{" in each.path) == (group, key != "")}
    if not methods:
        raise Refusal(404, "There is no such path.")
    if request.method not in methods:
        raise Refusal(405, "This path has no such method.")
    return methods[request.method], key
