"""What a connection keeps of an answer beside the credentials."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DefinitionError
from connectors.runtime.auth.flow import Callback
from connectors.runtime.auth.metadata import metadata_of
from connectors.runtime.integration import Integration

from .mode_world import acquired, ask

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"a": "x"}, {"a": "x"}),
        ({"a": ""}, {"a": ""}),
        ({"a": False}, {"a": False}),
        ({"a": 5}, {}),
        ({"a": {"b": "deep"}}, {"a.b": "deep"}),
        ({"a.b": "flat", "a": {"b": "deep"}}, {"a.b": "flat"}),
        ({"a": None}, {}),
        ({"a": ["x"]}, {}),
        ("text", {}),
        (None, {}),
    ],
)
def test_texts_and_flags_are_kept_under_their_dotted_name(raw: Any, expected: dict[str, Any]) -> None:
    assert metadata_of(["a", "a.b"], raw) == expected


@given(paths=st.lists(st.text("ab.0", max_size=6)), raw=JSON)
def test_no_answer_and_no_path_makes_it_fail_or_keep_more_than_texts_and_flags(paths: list[str], raw: Any) -> None:
    found = metadata_of(paths, raw)
    assert found.keys() <= set(paths)
    assert all(isinstance(value, str | bool) for value in found.values())


def test_nothing_listed_is_nothing_kept() -> None:
    assert metadata_of(None, {"a": "x"}) == {}


@pytest.mark.parametrize(
    ("mode", "key", "wrong"),
    [
        ("OAUTH2", "redirect_uri_metadata", 5),
        ("OAUTH2", "token_response_metadata", True),
        ("OAUTH2", "token_url_skip_encode", 1.5),
        ("OAUTH2_CC", "token_params", ["a"]),
        ("OAUTH2_CC", "token_response_metadata", [{"a": 1}]),
        ("TWO_STEP", "token_response_headers", {"a": 1}),
        ("TWO_STEP", "token_response_metadata", 7),
    ],
)
def test_a_definition_of_another_shape_is_named_as_the_cause(mode, key, wrong):
    definition = {"token_url": "https://acme.example/token", "token_response": {"token": "access_token"}, key: wrong}
    question = ask(
        mode,
        definition,
        credentials={"client_id": "i", "client_secret": "s"},
        integration=Integration("acme", "i", "s"),
        callback=Callback({"code": "c"}, "https://here.example/callback"),
    )
    with pytest.raises(DefinitionError, match=key):
        acquired(question, {"access_token": "t"})


def test_names_that_yaml_reads_as_numbers_are_sent_as_texts():
    definition = {"token_url": "https://acme.example/token", "token_params": {5: "x"}, "token_headers": {7: "y"}}
    definition |= {"token_response": {"token": "access_token"}, "body_format": "form"}
    assert acquired(ask("TWO_STEP", definition), {"access_token": "t"}).credentials["token"] == "t"
    definition |= {"token_response_metadata": []}
    question = ask("OAUTH2_CC", definition, credentials={"client_id": "i", "client_secret": "s"})
    assert acquired(question, {"access_token": "t"}).credentials["token"] == "t"
