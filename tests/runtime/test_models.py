import json
import socket
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DefinitionError, UnknownFunction
from connectors.runtime.models import Model, Models

SCHEMA = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": ["integer", "string"]},
        "name": {"type": "string", "minLength": 1, "maxLength": 300},
        "colour": {"enum": ["red", "green"]},
        "age": {"type": "integer", "minimum": 0},
        "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "object", "required": ["id"]}, "maxItems": 3},
        "size": {"anyOf": [{"type": "integer"}, {"enum": ["big"]}]},
    },
}
MODEL = Model("Thing", SCHEMA)
GOOD = {"id": 7, "name": "x"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"id": "7"},
        {"id": 2**70},
        {"unknown": {"kept": None}},
        {"colour": "red", "age": 0, "code": "AB1", "born": "2024-02-29", "tags": [{"id": 1}], "size": "big"},
        {"name": "\ud800"},
    ],
)
def test_a_record_that_keeps_the_contract_has_no_problem(more):
    assert MODEL.problem(GOOD | more) is None
    assert MODEL.problem(MappingProxyType(GOOD | more)) is None


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"id": None}, "$.id: expected a whole number or text, found null"),
        ({"id": True}, "$.id: expected a whole number or text, found true"),
        ({"name": ""}, '$.name: expected at least 1 characters, found ""'),
        ({"colour": "blue"}, '$.colour: expected one of "red", "green", found "blue"'),
        ({"age": -1}, "$.age: expected at least 0, found -1"),
        ({"age": 1.5}, "$.age: expected a whole number, found 1.5"),
        ({"code": "x"}, '$.code: expected text like ^[A-Z]{2}[0-9]+$, found "x"'),
        ({"born": "2023-02-29"}, '$.born: expected text in the format date, found "2023-02-29"'),
        ({"tags": [{"id": 1}, {}]}, "$.tags[1]: missing 'id'"),
        ({"tags": [{"id": 1}] * 4}, '$.tags: expected at most 3 items, found [{"id":1},{"id":1},{"id":1},{"id":1}]'),
        ({"size": None}, '$.size: expected a whole number or one of "big", found null'),
    ],
)
def test_a_broken_record_says_where_what_is_expected_and_what_is_there(more, problem):
    assert MODEL.problem(GOOD | more) == problem


OBJECT = {"type": "object", "required": ["id"]}


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        (
            {"properties": {"content": {}}, "additionalProperties": False},
            {"contents": "secret" * 50, "zz": 1},
            "$: there is no field 'contents' (did you mean 'content'?), 'zz'",
        ),
        (
            {"properties": {"a": {"additionalProperties": False, "patternProperties": {"^x": {}}}}},
            {"a": {"x1": 1, **{f"n{number}": 1 for number in range(6)}}},
            "$.a: there is no field 'n0', 'n1', 'n2', 'n3', 'n4' and 1 more",
        ),
        (
            {"properties": {"id": {"pattern": "^[0-9]+$", "x-expected": "an id or UUID"}}},
            {"id": "x"},
            '$.id: expected an id or UUID, found "x"',
        ),
        (
            {"anyOf": [{"required": ["file"]}, {"required": ["name", "base64"]}]},
            {},
            "$: expected an object with 'file' or an object with 'name' and 'base64', found {}",
        ),
        (
            {"properties": {"v": {"oneOf": [{"type": "string"}, OBJECT, {"type": "array", "items": OBJECT}]}}},
            {"v": 1},
            "$.v: expected text or an object with 'id' or a list, each an object with 'id', found 1",
        ),
        (
            {"anyOf": [{"x-expected": "an id", "type": "null"}, {"type": "array", "items": {"minimum": 1}}]},
            {},
            "$: expected an id or a list, found {}",
        ),
        ({"anyOf": [{"not": {}}, {"type": "string"}]}, {}, "$: expected one of several forms, found {}"),
    ],
)
def test_a_problem_is_told_in_words_that_help(schema, value, problem):
    assert Model("Thing", schema).problems(value) == [problem]


def test_a_missing_field_is_named():
    assert MODEL.problem({"id": 1}) == "$: missing 'name'"


def test_a_long_value_is_cut_and_never_shown_whole():
    secret_tail = "the end of a long text"
    problem = MODEL.problem(GOOD | {"age": "x" * 1000 + secret_tail})
    assert problem is not None
    assert secret_tail not in problem
    assert len(problem) < 120


def test_a_record_nested_without_end_is_a_problem_and_no_crash():
    schema = {"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"a": {"$ref": "#/$defs/node"}, "z": False}}}}
    record: dict[str, object] = {"z": 1}
    for _ in range(5000):
        record = {"a": record}
    assert Model("Node", schema).problem(record) == "it is nested too deep"


FORMATTED = st.sampled_from(["date", "time", "date-time", "email", "uri", "uuid", "ipv4", "ipv6", "made-up"])
VALUES = st.one_of(
    st.text(),
    st.integers(),
    st.dates().map(str),
    st.times().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.emails(),
    st.uuids().map(str),
    st.ip_addresses().map(str),
    st.sampled_from(["https://a.example/x?y=1", "1990-12-31T23:59:60Z", "a@b", "http:// a"]),
)


@given(FORMATTED, VALUES)
def test_both_engines_agree_on_every_format(name, value):
    model = Model("Thing", {"properties": {"value": {"type": ["string", "integer"], "format": name}}})
    fast = model._is_valid
    assert fast is not None
    assert fast({"value": value}) == (model._judged({"value": value}) is None)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2024-02-29", "2023-02-29"),
        ("time", "23:59:60Z", "25:00:00Z"),
        ("date-time", "2024-01-01T10:00:00.5+02:00", "2024-01-01 10:00:00Z"),
        ("email", "me@acme.example", "me at acme"),
        ("uri", "https://acme.example/", "/acme"),
        ("uuid", "3f0c1a52-77d1-4c0e-9a64-0b5f2d1e8c11", "{3f0c1a52-77d1-4c0e-9a64-0b5f2d1e8c11}"),
        ("ipv4", "127.0.0.1", "127.0.0.01"),
        ("ipv6", "::1", "127.0.0.1"),
    ],
)
def test_formats_are_checked(name, good, bad):
    model = Model("Thing", {"properties": {"value": {"format": name}}})
    assert model.problem({"value": good}) is None
    assert model.problem({"value": bad}) is not None


def test_a_pattern_that_only_one_engine_knows_goes_to_the_judge():
    model = Model("Thing", {"properties": {"value": {"pattern": r"^(?P<n>a)(?P=n)\Z"}}})
    assert model.problem({"value": "aa"}) is None
    assert model.problem({"value": "ab"}) == r'$.value: expected text like ^(?P<n>a)(?P=n)\Z, found "ab"'


def test_where_the_engines_differ_the_judge_has_the_last_word():
    model = Model("Thing", {"properties": {"value": {"pattern": "^a$"}}})
    assert model.problem({"value": "a\n"}) is None


def test_a_schema_that_is_none_is_named_with_its_file(tmp_path):
    folder = _folder(tmp_path, "acme", {"Broken": '{"type": "strin"}', "Cut": '{"type"', "List": "[]"})
    for name in ("Broken", "Cut", "List"):
        with pytest.raises(DefinitionError, match=rf"{name}\.json"):
            Models([folder]).get("acme", name).problem({})


def test_a_reference_to_elsewhere_is_an_error_and_never_a_download(monkeypatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(DefinitionError, match=r"https://schemas\.example/x\.json"):
        Model("Thing", {"$ref": "https://schemas.example/x.json"}).problem({})


def test_models_are_found_by_provider_and_name_and_the_last_folder_wins(tmp_path):
    first = _folder(tmp_path / "1", "acme", {"A": '{"required": ["one"]}', "B": "{}"})
    second = _folder(tmp_path / "2", "acme", {"A": '{"required": ["two"]}'})
    models = Models([first, second])
    assert models.names("acme") == ["A", "B"]
    assert models.get("acme", "A").problem({}) == "$: missing 'two'"
    assert models.get("acme", "A") is models.get("acme", "A")
    assert models.get("acme", "B").problem({}) is None


@pytest.mark.parametrize("name", ["C", "a", "../acme/A", "A.json", "", "/etc/passwd", "A\x00"])
def test_an_unknown_model_names_the_known_ones(tmp_path, name):
    models = Models([_folder(tmp_path, "acme", {"A": "{}", "B": "{}"})])
    with pytest.raises(UnknownFunction, match="known: A, B"):
        models.get("acme", name)


@pytest.mark.parametrize("provider", ["other", "..", "../x", "", "a\x00"])
def test_an_unknown_provider_has_no_models(tmp_path, provider):
    with pytest.raises(UnknownFunction, match="it has none"):
        Models([_folder(tmp_path, "acme", {"A": "{}"})]).get(provider, "A")


def _folder(root, provider, files):
    folder = root / provider
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text if isinstance(text, str) else json.dumps(text))
    return root


@pytest.mark.parametrize(
    ("id_", "refused"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": ["integer", "null"]}, "integer, null"),
        ({"$ref": "#/$defs/Number"}, "integer"),
        ({"type": ["integer", "string"]}, None),
        ({"type": "string"}, None),
        ({"$ref": "#/$defs/Text"}, None),
        ({"$ref": "other.json"}, None),
        ({}, None),
        (True, None),
    ],
)
def test_a_schema_that_allows_no_text_as_id_is_refused_when_it_is_loaded(tmp_path, id_, refused):
    file = tmp_path / "shop" / "Thing.json"
    file.parent.mkdir()
    kinds = {"Number": {"type": "integer"}, "Text": {"type": "string"}}
    file.write_text(json.dumps({"type": "object", "properties": {"id": id_}, "$defs": kinds}))
    models = Models([tmp_path])
    if refused is None:
        assert models.get("shop", "Thing").name == "Thing"
        return
    with pytest.raises(DefinitionError, match=f'allows only {refused} as "id", but ids are text') as caught:
        models.get("shop", "Thing")
    assert str(file) in caught.value.message
    assert '["integer", "string"]' in caught.value.next_step
