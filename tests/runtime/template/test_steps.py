"""Prefixes of names in the templates of token requests."""

import pytest

from connectors.runtime.template import step_number, without_credentials, without_steps


@pytest.mark.parametrize(
    ("template", "number"),
    [
        ("Bearer ${step1.access_token}", 1),
        ("${step12.a}${step3.b}", 12),
        ("${credentials.x}", None),
        ("step3.x", None),
        ("${step.x}", None),
        ("${step99999999999999999999.x}", None),
        ("", None),
    ],
)
def test_the_first_step_that_a_template_names(template, number):
    assert step_number(template) == number


def test_a_step_is_taken_out_of_names_wherever_it_stands():
    assert without_steps("${step1.a.b} ${step2.c}") == "${a.b} ${c}"
    assert without_steps({"a": "${step1.x}", "b": 5}) == {"a": "${x}", "b": 5}


def test_credentials_is_taken_out_of_names_at_any_depth():
    template = {"a": "${credentials.a}", "b": {"c": ["${credentials.z}", 7, None]}}
    assert without_credentials(template) == {"a": "${a}", "b": {"c": {"0": "${z}", "1": 7, "2": None}}}
    assert without_credentials("${credentials.a} ${credentials.b.c}") == "${a} ${b.c}"


@pytest.mark.parametrize("value", [None, 5, True])
def test_what_is_no_text_stays(value):
    assert without_credentials(value) is value
    assert without_steps(value) is value
