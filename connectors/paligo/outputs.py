"""What the actions give that do more than pass an answer on, as JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FILE = {
    "type": "object",
    "required": ["file", "name", "size"],
    "properties": {
        "file": {"type": "string", "description": "The file's id here."},
        "name": {"type": "string", "description": "Its name; in an archive, with its folders."},
        "size": {"type": "integer", "minimum": 0, "description": "Bytes."},
    },
}
_RESUMED = {"type": "boolean", "description": "Whether it is one that an earlier call had started."}


def model(name: str) -> dict[str, Any]:
    """The schema of a synced model, by reference."""
    return {"$ref": f"../{name}.json"}


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": dict(properties)}


def _files(says: str) -> dict[str, Any]:
    return {"type": "array", "description": says, "items": _FILE}


DELETED = _object(
    id={"type": ["integer", "string"], "description": "What was deleted, as it was given."},
    deleted={"const": True, "description": "That Paligo has deleted it."},
)
UPDATED = _object(
    document=model("Document"),
    vanished_text_ids={
        "type": "array",
        "description": "Ids of text segments that the document had before and has no more.",
        "items": {"type": "string"},
    },
)
UPLOADED = _object(
    image=model("Image"),
    in_root={
        "type": "boolean",
        "description": "Whether it lies in the root Media folder; so also where Paligo refused the folder.",
    },
)
PUBLISHED = _object(
    production=model("Production"),
    resumed=_RESUMED,
    files=_files("What came out; nothing while it is not done."),
)
EXPORTED = _object(
    export=model("TranslationExport"),
    resumed=_RESUMED,
    files=_files("The package; nothing while it is not done."),
)
IMPORTED = {**_object(resumed=_RESUMED), "required": ["import", "resumed"]}
IMPORTED["properties"] = {"import": model("TranslationImport"), "resumed": _RESUMED}
FOUND = _object(
    items={"type": "array", "description": "What was found.", "items": {"type": "object"}},
    more={"type": "boolean", "description": "Whether there is more than `limit`."},
)
