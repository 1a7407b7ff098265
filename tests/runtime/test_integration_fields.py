"""An integration's own fields: what is required, what is stored, and that every problem is said at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConfigError, DefinitionError
from connectors.runtime.catalog import Provider
from connectors.runtime.field_schema import integration_fields
from connectors.runtime.integration_fields import check_integration

OTHER = {"field": "mode", "equals": "other"}
FIELDS = {
    "mode": {"title": "Mode", "enum": ["own", "other"], "default_value": "own"},
    "url": {"title": "URL", "format": "uri", "pattern": "^https://", "visible_when": OTHER},
    "user": {"title": "User", "optional": True, "visible_when": {"field": "url", "equals": "https://a.example"}},
    "note": {"title": "Note", "optional": True, "pattern": "("},
    "privateKey": {"title": "Key", "secret": True, "optional": True},
}


def provider(fields=FIELDS):
    return Provider("acme", {"auth_mode": "TWO_STEP", "display_name": "Acme", "integration_config": fields}, "test")


def refused(submitted, existing=None, fields=FIELDS):
    """The names of the fields that are refused, and the whole text of the error."""
    with pytest.raises(ConfigError) as caught:
        check_integration(provider(fields), submitted, existing=existing)
    problems = caught.value.problems
    assert {problem.group for problem in problems} == {"integration_config"}
    return [problem.field for problem in problems], str(caught.value)


class TestMaking:
    def test_what_is_left_out_takes_its_default(self):
        assert check_integration(provider(), {}) == {"mode": "own"}
        assert check_integration(provider(), {"mode": "  "}) == {"mode": "own"}

    def test_a_field_is_required_only_where_it_is_asked(self):
        assert refused({"mode": "other"})[0] == ["url"]

    def test_a_field_that_is_not_asked_is_not_stored(self):
        assert check_integration(provider(), {"url": "https://a.example", "user": "u"}) == {"mode": "own"}

    def test_a_field_depends_on_one_that_depends_on_another(self):
        given = {"mode": "other", "url": "https://a.example", "user": "u"}
        assert check_integration(provider(), given) == given
        assert check_integration(provider(), {**given, "url": "https://b.example"}) == {
            "mode": "other",
            "url": "https://b.example",
        }

    @pytest.mark.parametrize("url", ["ftp://a.example", "a.example", "http://a.example", "https://", 7, None])
    def test_an_address_is_a_web_address_that_fits_its_pattern(self, url):
        assert refused({"mode": "other", "url": url})[0] == ["url"]

    def test_a_pattern_that_does_not_compile_takes_anything(self):
        assert check_integration(provider(), {"note": "("})["note"] == "("

    def test_all_problems_are_said_at_once_without_a_value(self):
        names, text = refused({"mode": "third", "nope": "v4lue", "note": "a\nv4lue", "privateKey": "x" * 20_000})
        assert sorted(names) == ["mode", "nope", "note", "privateKey"]
        assert "v4lue" not in text

    def test_a_misspelt_name_is_told_the_right_one(self):
        assert "did you mean note?" in refused({"notes": "x"})[1]

    def test_a_key_of_many_lines_is_taken(self):
        assert check_integration(provider(), {"privateKey": "a\nb"})["privateKey"] == "a\nb"


class TestChanging:
    def test_only_what_is_submitted_is_looked_at(self):
        assert check_integration(provider(), {}, existing={}) == {}
        assert check_integration(provider(), {"note": "n"}, existing={"mode": "other"}) == {"note": "n"}

    def test_what_is_asked_is_decided_by_what_is_there_and_what_is_new(self):
        url = {"url": "https://a.example"}
        assert check_integration(provider(), url, existing={"mode": "other"}) == url
        assert check_integration(provider(), url, existing={"mode": "own"}) == {}
        assert check_integration(provider(), {**url, "mode": "other"}, existing={"mode": "own"}) == {
            "mode": "other",
            **url,
        }

    def test_an_optional_field_can_be_emptied_and_another_cannot(self):
        assert check_integration(provider(), {"note": ""}, existing={"note": "n"}) == {"note": ""}
        assert refused({"mode": ""}, existing={"mode": "other"})[0] == ["mode"]


@pytest.mark.parametrize(
    "when", [{"field": "b", "equals": "x"}, {"field": "a", "equals": "x"}, "a", {"equals": "x"}, {"field": 7}]
)
def test_a_broken_visible_when_is_the_definitions_fault(when):
    fields = {"a": {"optional": True, "visible_when": when}, "b": {"visible_when": {"field": "a", "equals": "x"}}}
    with pytest.raises(DefinitionError, match="visible_when"):
        check_integration(provider(fields), {})


def test_a_field_that_depends_on_none_there_is_never_asked():
    fields = {"a": {"visible_when": {"field": "gone", "equals": "x"}}}
    assert check_integration(provider(fields), {"a": "v"}) == {}


def test_a_form_asks_in_the_definitions_order():
    fields = {"c": {}, "b": {"order": 2}, "a": {"order": 1, "secret": True}}
    assert [(field.name, field.secret) for field in integration_fields(provider(fields))] == [
        ("a", True),
        ("b", False),
        ("c", False),
    ]


@given(st.dictionaries(st.sampled_from([*FIELDS, "nope"]), st.none() | st.text() | st.integers()))
def test_whatever_is_submitted_is_stored_as_text_or_refused(submitted):
    try:
        stored = check_integration(provider(), submitted)
    except ConfigError:
        return
    assert all(isinstance(value, str) and value for value in stored.values())
    assert check_integration(provider(), stored) == stored
