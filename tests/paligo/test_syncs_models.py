"""The models take what live answers and the reference show, and nothing that is no such object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.authoring import Sync
from connectors.paligo import connector
from connectors.runtime.models import Models

SCHEMAS = Path(__file__).parents[2] / "schemas"
MODELS = sorted(each.model for each in connector.functions if isinstance(each, Sync) and each.model != "Finding")
SHAPES = {
    "Folder": [{"id": "317", "uuid": None, "type": "folder", "parent": "300", "depth": 2, "images": 0}],
    "Fork": [
        {"id": 8493, "parent": 3901, "root_document": 3901, "position": 2, "depth": 1, "document": {"id": 48213}},
        {"id": "8493", "position": "2", "depth": "1", "document": 48213},
        {"id": 8493, "document": None},
    ],
    "Image": [{"id": 51200, "creator": "2", "owner": "", "author": None, "created_at": "1751883000"}],
    "PublishSetting": [{"id": "publishsetting.1-2", "reuse": "true", "shared": "false", "creator": "2"}],
    "Taxonomy": [{"id": 603, "title": "Hardware", "color": "2", "parent": ""}, {"id": 603, "parent": None}],
    "VariableValue": [
        {"id": 91, "value": "120 mm"},
        {"id": 91, "value": {"id": 51200}},
        {"id": 91, "value": [{"language": "en", "value": "Hello"}], "type": "translation"},
        {"id": 91, "value": None, "variable_id": "33"},
    ],
    "User": [{"id": 3, "type": "something new", "email": "no address"}],
    "Group": [{"id": 1, "users": []}, {"id": "1", "users": [3, "5", {"id": 7}]}, {"id": 1, "users": ""}],
    "Assignment": [
        {"id": 282, "issuer": 3, "user_statuses": [{"user": 5, "status": "approved"}], "message": None},
        {"id": 282, "assignees": {"users": [5], "groups": []}, "lang": ["en"], "start_date": "2025-08-01"},
    ],
    "Production": [
        {"id": "production.1234-5678", "status": "pending", "url": "", "steps": {"total": "24", "count": 25}},
        {"id": "production.1-2", "status": "failed", "steps": "", "log_url": None},
    ],
    "Import": [{"id": "123", "steps": {"total": "20", "count": "3"}, "user": "2"}],
}


@pytest.mark.parametrize("model", MODELS)
def test_an_object_needs_its_id_and_keeps_what_is_unknown(model):
    found = Models([SCHEMAS]).get("paligo", model)
    least = {"id": 7, "name": "x"} if model == "Document" else {"id": 7}
    for shape in [least | {"new": {"kept": [1]}}, *SHAPES.get(model, [])]:
        assert found.problem(shape) is None
    for wrong in ({}, {"id": None}, {"id": ""}, {"id": [1]}, {"error": "not found"}):
        assert found.problem(wrong) is not None


@pytest.mark.parametrize("model", MODELS)
def test_every_field_may_be_null_or_an_empty_text(model):
    schema = json.loads((SCHEMAS / "paligo" / f"{model}.json").read_text(encoding="utf-8"))
    found = Models([SCHEMAS]).get("paligo", model)
    ours = {"depth", "images"} if model == "Folder" else set()
    for field in schema["properties"].keys() - set(schema["required"]) - ours:
        for nothing in (None, ""):
            if model == "Document" and field == "name":
                continue
            assert found.problem({"id": 7, "name": "x", field: nothing}) is None, field
