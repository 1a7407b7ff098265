"""Every write operation of Paligo's API, one row each; the actions and their schemas come from this table.

`python -m connectors.paligo.contracts` writes the schema files again after a change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.paligo import bodies, fields, outputs
from connectors.paligo.fields import Field

BASE = "/api/v2"


@dataclass(frozen=True)
class Operation:
    """One row: what is sent, and what comes back."""

    name: str  # of the action, kebab-case
    method: str
    path: str  # below /api/v2, as the reference writes it; {id} is the input's id
    says: str  # what it does; a function written by hand says it in its docstring too
    body: Mapping[str, Field] = field(default_factory=dict)  # sent: as JSON, or as a form if one is a file
    model: str | None = None  # of the answer; None: nothing comes back that is worth keeping
    query: Mapping[str, Field] = field(default_factory=dict)  # sent in the address
    own: Mapping[str, Field] = field(default_factory=dict)  # ours, never sent
    file: str | None = None  # the field of the body that is a file
    confirm: str | None = None  # what a command asks before it does this
    output: Mapping[str, Any] | None = None  # schema of what comes back, where it is not just a model
    by_hand: bool = False  # connectors/paligo/actions/ has a function for it

    @property
    def has_id(self) -> bool:
        """Whether the path names one thing that is there already."""
        return "{id}" in self.path

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET" or self.path == "/search/"

    @property
    def given(self) -> dict[str, Field]:
        """Every field of its input, in order."""
        return {**({"id": bodies.ID} if self.has_id else {}), **self.body, **self.query, **self.own}


def _needed(body: Mapping[str, Field]) -> dict[str, Field]:
    return {name: each.needed for name, each in body.items()}


def _delete(what: str, path: str, asks: str = "", query: Mapping[str, Field] | None = None) -> Operation:
    """A row that deletes one thing."""
    name = f"delete-{what.replace(' ', '-')}"
    question = f"Delete the {what} at Paligo? {asks}It cannot be brought back from here."
    article = "an" if what[0] in "aeiou" else "a"
    return Operation(name, "DELETE", path, f"Delete {article} {what}.", query=query or {}, confirm=question)


WRITES = (
    Operation(
        "create-document", "POST", "/documents/", "Create a topic or publication.", bodies.NEW_DOCUMENT, "Document"
    ),
    Operation(
        "update-document",
        "PUT",
        "/documents/{id}",
        "Change a document.",
        bodies.EDIT,
        own=bodies.GUARDS,
        output=outputs.UPDATED,
        by_hand=True,
    ),
    _delete("document", "/documents/{id}", "Publications lose the places where it stands. "),
    Operation(
        "create-folder",
        "POST",
        "/folders/",
        "Create a folder.",
        {"title": bodies.title("folder").needed, "parent": bodies.PARENT},
        "Folder",
    ),
    Operation(
        "create-fork",
        "POST",
        "/forks/",
        "Put a document into a publication, or under another one in it.",
        {
            "parent": fields.key("Parent", "Id of the publication or fork it goes under.").needed,
            "document": fields.key("Document", "Id of the document.").needed,
            "position": fields.whole("Position", "Where among its siblings. Left out: behind the last one."),
        },
        "Fork",
    ),
    _delete("fork", "/forks/{id}", "The publication loses this place; the document stays. "),
    Operation(
        "upload-image",
        "POST",
        "/images/",
        "Upload an image.",
        {"image": bodies.IMAGE, "parent": bodies.MEDIA_PARENT, **bodies.RENDITION},
        file="image",
        output=outputs.UPLOADED,
        by_hand=True,
    ),
    Operation(
        "replace-image",
        "PUT",
        "/images/{id}",
        "Put another file in the place of an image's.",
        {"image": bodies.IMAGE, **bodies.RENDITION},
        "Image",
        file="image",
    ),
    Operation(
        "create-import",
        "POST",
        "/imports/",
        "Start an import of source files.",
        bodies.IMPORT,
        "Import",
        file="archive",
    ),
    Operation(
        "publish",
        "POST",
        "/productions/",
        "Publish, and fetch what came out.",
        {"publishsetting": bodies.SETTING},
        own={**bodies.UNPACK, **bodies.WAITING},
        output=outputs.PUBLISHED,
        by_hand=True,
    ),
    Operation(
        "export-translation",
        "POST",
        "/translationexports/",
        "Export text for translation, and fetch the package.",
        bodies.EXPORT,
        own=bodies.WAITING,
        output=outputs.EXPORTED,
        by_hand=True,
    ),
    Operation(
        "import-translation",
        "POST",
        "/translationimports/",
        "Bring a translated file in.",
        bodies.TRANSLATION,
        own=bodies.WAITING,
        file="translation",
        output=outputs.IMPORTED,
        by_hand=True,
    ),
    Operation("create-taxonomy", "POST", "/taxonomies/", "Create a taxonomy tag.", bodies.TAXONOMY, "Taxonomy"),
    Operation("update-taxonomy", "PUT", "/taxonomies/{id}/", "Change a taxonomy tag.", bodies.TAXONOMY, "Taxonomy"),
    _delete("taxonomy", "/taxonomies/{id}/", "Documents lose the tag. ", {"force": bodies.FORCE}),
    Operation(
        "create-variable-set",
        "POST",
        "/variablesets/",
        "Create a set of variables.",
        {"title": bodies.title("set").needed},
        "VariableSet",
    ),
    Operation(
        "update-variable-set",
        "PUT",
        "/variablesets/{id}/",
        "Rename a set of variables.",
        {"title": bodies.title("set").needed},
        "VariableSet",
    ),
    _delete("variable set", "/variablesets/{id}/", "Its variables, variants and values may go with it. "),
    Operation(
        "create-variable-variant",
        "POST",
        "/variants/",
        "Create a variant in a set of variables.",
        {"title": bodies.title("variant").needed, "variable_set_id": bodies.SET},
        "VariableVariant",
    ),
    Operation(
        "update-variable-variant",
        "PUT",
        "/variants/{id}",
        "Rename a variant.",
        {"title": bodies.title("variant").needed},
        "VariableVariant",
    ),
    _delete("variable variant", "/variants/{id}", "Its values may go with it. "),
    Operation(
        "create-variable",
        "POST",
        "/variables/",
        "Create a variable in a set.",
        {"title": bodies.title("variable").needed, "type": bodies.VARIABLE_TYPE.needed, "variable_set_id": bodies.SET},
        "Variable",
    ),
    Operation(
        "update-variable",
        "PUT",
        "/variables/{id}/",
        "Change a variable; its type only between `text` and `translation`.",
        {"title": bodies.title("variable"), "type": bodies.VARIABLE_TYPE},
        "Variable",
    ),
    _delete("variable", "/variables/{id}/", "Its values may go with it. "),
    Operation(
        "create-variable-value",
        "POST",
        "/variablevalues/",
        "Give a variable its value in a variant.",
        {
            "variable_id": fields.key("Variable", "Id of the variable.").needed,
            "variant_id": fields.key("Variant", "Id of the variant.").needed,
            "value": bodies.VARIABLE_VALUE.needed,
        },
        "VariableValue",
    ),
    Operation(
        "update-variable-value",
        "PUT",
        "/variablevalues/{id}/",
        "Change the value of a variable.",
        {"value": bodies.VARIABLE_VALUE.needed},
        "VariableValue",
    ),
    _delete("variable value", "/variablevalues/{id}/", "Paligo does not document this call; it may refuse it. "),
    Operation(
        "create-assignment",
        "POST",
        "/assignments/",
        "Assign work on a document to people.",
        {**_needed({**bodies.ASSIGNMENT, "type": bodies.KIND}), **bodies.MESSAGE},
        "Assignment",
    ),
    Operation(
        "update-assignment",
        "PUT",
        "/assignments/{id}/",
        "Change an assignment; not its type.",
        {**bodies.ASSIGNMENT, "status": bodies.STAGE, **bodies.MESSAGE},
        "Assignment",
    ),
    _delete("assignment", "/assignments/{id}/"),
)
READS = (
    Operation("get-document", "GET", "/documents/{id}", "Read one document, with its content.", model="Document"),
    Operation(
        "search",
        "POST",
        "/search/",
        "Find documents, forks or taxonomy tags.",
        bodies.SEARCH,
        own=bodies.LIMIT,
        output=outputs.FOUND,
        by_hand=True,
    ),
)
