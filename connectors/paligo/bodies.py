"""What each write of Paligo's API takes: names, kinds and meaning of the fields that it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.paligo import fields
from connectors.paligo.fields import Field
from connectors.paligo.scope import SUBTYPES


def title(what: str) -> Field:
    """The title of such a thing."""
    return fields.text("Title", f"The {what}'s title.")


ID = fields.key("Id", "Which one: its id or UUID.").needed
PARENT = fields.key("Folder", "Id or UUID of the folder it goes into. Left out: the root folder.")
NAME = fields.text("Name", "Its name in the Content Manager.")
CONTENT = fields.text("Content", "Its whole source-language XML: DocBook 5.1 with Paligo's attributes.")
ATTRIBUTES = fields.shaped(
    "Custom attributes",
    "Its custom attributes; they replace those it has.",
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "minLength": 1}, "value": {"type": ["string", "null"]}},
            "additionalProperties": False,
        },
    },
)
_STATUSES = (
    "STATUS_NOT_RELEASED",
    "STATUS_IN_TECHNICAL_REVIEW",
    "STATUS_IN_TRANSLATION",
    "STATUS_IN_RELEASE_REVIEW",
    "STATUS_RELEASED",
)
_ARCHIVES = (
    "paligo",
    "db5",
    "db4",
    "xhtml",
    "confluence",
    "dita",
    "flare",
    "helpandmanual",
    "docx",
    "authorit",
    "zendesk",
    "openapi",
)
RENDITION: Mapping[str, Field] = {
    "variant": fields.text("Variant", "The variant, such as a language, that the file belongs to."),
    "trim": fields.flag("Trim", "Whether the white border of a PDF is cut off."),
    "size": fields.choice("Size", "Which stored rendition the file is.", "pre", "scr", "lpr", "hpr", "icn", "spr"),
}
VARIABLE_VALUE = fields.shaped(
    "Value",
    'By the type of the variable: a text, `{"id": image}`, or `[{"language": "en", "value": "Hello"}]`.',
    {
        "anyOf": [
            {"type": "string"},
            {"type": "object", "required": ["id"], "properties": {"id": fields.KEY}, "additionalProperties": False},
            {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["language", "value"],
                    "properties": {"language": {"type": "string", "minLength": 1}, "value": {"type": "string"}},
                    "additionalProperties": False,
                },
            },
        ]
    },
)
VARIABLE_TYPE = fields.choice("Type", "What its values are.", "text", "xml", "translation", "image")
ASSIGNEES = fields.shaped(
    "Assignees",
    "Ids of the users and groups it is for; at least one in all.",
    {
        "type": "object",
        "properties": {
            "users": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            "groups": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        },
        "additionalProperties": False,
        "anyOf": [
            {"required": ["users"], "properties": {"users": {"minItems": 1}}},
            {"required": ["groups"], "properties": {"groups": {"minItems": 1}}},
        ],
    },
)
WAITING: Mapping[str, Field] = {
    "wait": fields.flag(
        "Wait", "Whether to wait for its end (the default), or only to start it and say how far it is."
    ),
    "at_most": fields.whole(
        "At most", "Seconds to wait for its end; 1800 if left out.", least=1, most=fields.LONGEST_WAIT
    ),
    "fresh": fields.flag("Fresh", "Start a new one also where one that this connection started has not been fetched."),
}
NEW_DOCUMENT = {
    "name": NAME,
    "subtype": fields.choice("Subtype", "Its kind; needed unless `template` is given.", *SUBTYPES),
    "content": CONTENT,
    "template": fields.key("Template", "Id of the template document that it starts as a copy of."),
    "parent": PARENT,
    "custom_attributes": ATTRIBUTES,
}
EDIT = {
    "name": NAME,
    "content": CONTENT,
    "release_status": fields.choice("Release status", "The workflow stage it gets.", *_STATUSES),
    "taxonomies": fields.keys("Taxonomies", "Ids of its taxonomy tags; they replace those it has."),
    "custom_attributes": ATTRIBUTES,
    "checkout": fields.flag("Checked out", "Checks it out or in, whoever has it."),
}
GUARDS = {
    "expected_modified_at": fields.time("Expected", "`modified_at` as you read it; a later edit is not overwritten."),
    "force": fields.flag("Force", "Write over whatever is there; with `checkout: false` also over a check-out."),
    "allow_status": fields.texts("Allowed statuses", "Release statuses, as read, that may be edited all the same."),
}
IMPORT = {
    "archive": fields.file("Archive", "A zip file with the source files."),
    "type": fields.choice("Type", "The format of the source files.", *_ARCHIVES),
    "parent": PARENT,
    "match_components": fields.flag("Match components", "Match imported pieces with components that are there."),
    "generate_hazard": fields.flag("Generate hazard", "Make admonitions components of their own, and reuse them."),
    "ignore_warnings": fields.flag("Ignore warnings", "Go on despite warnings about the XML."),
    "import_missing_images": fields.flag("Import missing images", "Fetch images that the archive lacks."),
    "title_prefix": fields.text("Title prefix", "What the imported titles begin with."),
    "folder_numbering": fields.flag("Folder numbering", "Number the folders that are made."),
    "folder_levels": fields.whole("Folder levels", "How many levels become folders."),
    "use_varset_id": fields.key("Variable set", "Id of the variable set to use."),
    "zendesk_category": fields.text("Zendesk category", "The category; for `zendesk` only."),
    "openapi_languages": fields.texts("OpenAPI languages", "Languages of code samples; for `openapi` only."),
    "openapi_maxdepth": fields.whole("OpenAPI depth", "How deep examples of schemas go; for `openapi` only."),
}
EXPORT = {
    "document": fields.key_or_keys("Document", "Id of a document; several only with the format `xliff`.").needed,
    "source": fields.text("Source", "Code of the source language, such as `en`.").needed,
    "target": fields.texts("Target", "Codes of the languages to translate into.").needed,
    "format": fields.choice("Format", "Of the package.", "xliff", "xliffswordfish", "po").needed,
    "approved": fields.flag("Approved", "Put in what is translated already."),
    "fuzzy": fields.flag("Fuzzy", "Put in translations that are not approved."),
    "force": fields.flag("Force", "Go on although the document is not In translation."),
    "preview": fields.flag("Preview", "Put a preview into the package."),
    "varinfo": fields.flag("Variable info", "Put information on variables into the package."),
}
TRANSLATION = {
    "translation": fields.file("Translation", "The translated file: .po, .xlf or .xliff."),
    "document": fields.key_or_keys("Document", "Id of the document, or of several."),
    "target": fields.texts("Target", "Codes of the languages that the file translates into."),
    "honor_status": fields.flag("Honor status", "Leave text marked as complete alone, as Paligo does if left out."),
    "force": fields.flag("Force", "Go on although the document is not In translation."),
}
TAXONOMY = {
    "title": title("tag").needed,
    "color": fields.whole("Color", "One of Paligo's five colors.", most=4),
    "parent": fields.key("Parent", "Id of the tag it goes under. Left out: the root."),
}
SETTING = fields.key("Publish setting", "Id of the publish setting; it names the publication and the format.").needed
MEDIA_PARENT = fields.key(
    "Folder", "Id or UUID of the media folder it goes into. Left out, or refused: the root Media folder."
)
IMAGE = fields.file("Image", "The image file.")
UNPACK = {"unpack": fields.flag("Unpack", "Whether the files in the archive come out (the default), or the archive.")}
SET = fields.key("Variable set", "Id of the variable set it belongs to.").needed
ASSIGNMENT = {
    "document": fields.key("Document", "Id of the document it is about."),
    "assignees": ASSIGNEES,
    "lang": fields.text("Language", "Code of the language."),
    "start_date": fields.time("Start", "When it begins."),
    "end_date": fields.time("End", "When it is due."),
}
_KINDS = ("contribution", "review", "translation", "translationreview")
KIND = fields.choice("Type", "What is to be done.", *_KINDS)
MESSAGE = {"message": fields.text("Message", "A text to the assignees.", empty=True)}
STAGE = fields.choice("Status", "How far it is.", "draft", "started", "finished")
FORCE = fields.flag("Force", "Delete the tags below it too.")


_SCALAR: Mapping[str, Any] = {"type": ["string", "number", "boolean"]}
_AT: Mapping[str, Any] = {"type": "integer", "minimum": 0, "maximum": fields.LATEST}
OPERATORS: Mapping[str, tuple[tuple[str, ...], ...]] = {  # and what its condition holds: one of these sets of keys
    "equals": (("value",),),
    "has": (("value",), ("values",)),
    "before": (("value",),),
    "after": (("value",),),
    "between": (("start", "end"),),
    "containsblockelement": (("value",),),
}
SEARCH = {
    "resource": fields.choice("Resource", "What to look for.", "documents", "forks", "taxonomies").needed,
    "where": fields.shaped(
        "Where",
        "Conditions that all have to hold: `operator`, `property`, and `value`, `values`, or `start` and `end`.",
        {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["operator", "property"],
                "properties": {
                    "operator": {"enum": list(OPERATORS)},
                    "property": {"type": "string", "minLength": 1},
                    "value": _SCALAR,
                    "values": {"type": "array", "minItems": 1, "items": _SCALAR},
                    "start": _AT,
                    "end": _AT,
                },
                "additionalProperties": False,
            },
        },
    ),
}
LIMIT = {"limit": fields.whole("Limit", "How many to give at most; 100 if left out.", least=1, most=10_000)}
