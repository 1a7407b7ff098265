"""An action's form from its input schema: the control of each field, and the value of what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import InputError
from connectors.registry import Registry
from connectors.server.dashboard.action_fields import fields_of, value_of

FILE = {"type": "object", "properties": {"file": {"type": "string"}, "base64": {"type": "string"}}}


@pytest.mark.parametrize(
    ("spec", "kind", "typed", "value"),
    [
        ({"type": "string"}, "text", " 12 ".strip(), "12"),
        ({"type": ["integer", "string"]}, "text", "12", 12),
        ({"type": ["integer", "string"]}, "text", "UUID-1", "UUID-1"),
        ({"type": ["integer", "string"]}, "text", "0012", "0012"),
        ({"type": "integer"}, "number", "12", 12),
        ({"type": "integer"}, "number", "twelve", "twelve"),  # the schema says what is wrong with it
        ({"type": "number"}, "number", "1.5", 1.5),
        ({"type": "boolean"}, "yes-no", "yes", True),
        ({"type": "boolean"}, "yes-no", "no", False),
        ({"enum": ["a", 2]}, "choice", "2", 2),
        ({"enum": ["a", 2]}, "choice", "b", "b"),
        ({"type": "array", "items": {"type": "string"}}, "lines", "a\r\n\n b ", ["a", "b"]),
        ({"type": "array", "items": {"type": "integer"}}, "lines", "1\n2", [1, 2]),
        ({"type": "object"}, "json", '{"a": [1]}', {"a": [1]}),
        ({"type": "array", "items": {"type": "object"}}, "json", "[{}]", [{}]),
        ({"anyOf": [{"type": "string"}]}, "json", '"x"', "x"),
        (FILE, "file", "", None),
    ],
)
def test_each_kind_of_field(spec: dict[str, Any], kind: str, typed: str, value: Any) -> None:
    (field,) = fields_of({"properties": {"it": spec}})
    assert field.kind == kind
    if typed:
        assert value_of(field, typed) == value


def test_json_that_is_none_is_said_with_the_fields_title() -> None:
    (field,) = fields_of({"properties": {"where": {"type": "array", "title": "Where", "items": {"type": "object"}}}})
    with pytest.raises(InputError, match="Where has to be JSON"):
        value_of(field, "[")


def test_what_is_required_comes_first_and_what_was_typed_stays() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b"]}
    made = fields_of(schema, {"field.a": "typed"})
    assert [(field.name, field.required, field.value) for field in made] == [("b", True, ""), ("a", False, "typed")]


def test_every_action_of_paligo_has_a_form() -> None:
    registry = Registry.load()
    for action in registry.actions("paligo"):
        schema = registry.models.action("paligo", action.name).input.schema
        made = fields_of(schema)
        assert {field.name for field in made} == set(schema.get("properties", {})), action.name
        assert all(field.title and field.kind for field in made)
