import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from connectors.runtime.models import Models

SCHEMAS = Path(__file__).parents[1] / "schemas"
MODEL_FILES = sorted(file for file in SCHEMAS.glob("*/*.json"))
DOCUMENT = Models([SCHEMAS]).get("paligo", "Document")
LIVE = {
    "id": 48213,
    "name": "Install the pump",
    "uuid": "UUID-3f0c1a52-77d1-4c0e-9a64-0b5f2d1e8c11",
    "type": "component",
    "subtype": "component",
    "creator": 2,
    "owner": 2,
    "author": 5,
    "created_at": 1757575805,
    "modified_at": 1730393287,
    "checkout": False,
    "checkout_user": "",
    "parent_resource": 317,
    "taxonomies": [{"id": 603, "title": "Hardware", "color": 2}],
    "release_status": "Work in progress",
    "content": '<?xml version="1.0"?><section/>',
    "languages": ["en", "sv"],
    "external": [],
    "custom_attributes": [{"name": "audience", "value": None}],
}
DOCUMENTED = {
    "id": 48213,
    "name": "Install the pump",
    "uuid": "UUID-3f0c1a52-77d1-4c0e-9a64-0b5f2d1e8c11",
    "type": "document",
    "creator": "2",
    "owner": "2",
    "author": "5",
    "created_at": 1751883000,
    "modified_at": 1754042400,
    "checkout": "false",
    "checkout_user": 0,
    "parent_resource": 317,
    "taxonomies": [],
    "content": "",
    "languages": ["en"],
    "custom_attributes": [],
}


@pytest.mark.parametrize("file", MODEL_FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_schema_is_valid_and_explains_itself(file):
    schema = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == file.stem
    assert schema["description"]
    for name, rule in schema["properties"].items():
        assert rule.get("title"), name
        assert rule.get("description"), name


@pytest.mark.parametrize("file", MODEL_FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_example_in_a_schema_keeps_it(file):
    schema = json.loads(file.read_text(encoding="utf-8"))
    for name, rule in schema["properties"].items():
        for example in rule["examples"]:
            one = {"$defs": schema.get("$defs", {}), "properties": {name: rule}}
            assert Draft202012Validator(one).is_valid({name: example}), name


@pytest.mark.parametrize("document", [LIVE, DOCUMENTED, {"id": 1, "name": ""}], ids=["live", "documented", "least"])
def test_a_document_as_seen_and_as_documented_is_accepted(document):
    assert DOCUMENT.problem(document) is None


@pytest.mark.parametrize(
    "more",
    [
        {"id": "48213"},
        {"checkout": True, "checkout_user": 7},
        {"checkout": "true", "checkout_user": "7"},
        {"checkout": None, "checkout_user": None},
        {"created_at": "1751883000", "modified_at": ""},
        {"languages": '["en", "sv"]'},
        {"languages": "", "taxonomies": "", "external": "", "custom_attributes": ""},
        {"taxonomies": None, "external": [{"anything": 1}], "custom_attributes": None},
        {"release_status": None, "subtype": None, "uuid": None, "content": None, "type": "publication"},
        {"parent_resource": "317", "owner": "", "author": None},
        {"something_new": {"kept": [1, "x"]}},
    ],
)
def test_other_shapes_of_live_answers_are_accepted(more):
    assert DOCUMENT.problem(LIVE | more) is None


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"id": None}, "$.id"),
        ({"id": ""}, "$.id"),
        ({"id": -1}, "$.id"),
        ({"id": 1.5}, "$.id"),
        ({"id": [1]}, "$.id"),
        ({"name": None}, "$.name"),
        ({"name": {"en": "x"}}, "$.name"),
        ({"checkout": "maybe"}, "$.checkout"),
        ({"checkout": 0}, "$.checkout"),
        ({"checkout_user": {"id": 7}}, "$.checkout_user"),
        ({"created_at": "yesterday"}, "$.created_at"),
        ({"modified_at": 1.5}, "$.modified_at"),
        ({"modified_at": True}, "$.modified_at"),
        ({"taxonomies": [603]}, "$.taxonomies"),
        ({"languages": [{"code": "en"}]}, "$.languages"),
        ({"content": ["<section/>"]}, "$.content"),
        ({"external": {}}, "$.external"),
    ],
)
def test_junk_in_a_field_is_rejected_and_the_field_is_named(more, place):
    problem = DOCUMENT.problem(LIVE | more)
    assert problem is not None
    assert problem.startswith(f"{place}: expected ")


@pytest.mark.parametrize("junk", [{}, {"id": 1}, {"name": "x"}, {"error": "not found"}])
def test_an_object_that_is_no_document_is_rejected(junk):
    assert "missing" in str(DOCUMENT.problem(junk))


FIELDS = st.sampled_from(sorted(LIVE))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(FIELDS, JSON)
def test_the_fast_engine_and_the_judge_agree_on_any_value(field, value):
    record = LIVE | {field: value}
    fast = DOCUMENT._is_valid
    assert fast is not None
    assert fast(record) == (DOCUMENT._judged(record) is None)
