"""What an input may be, next to what the reference's form takes: other answers only by named rules."""

from collections import Counter

import pytest

from connectors import ConfigError, Provider
from connectors.runtime.fields import check_input
from tests.compat.oracle import reference
from tests.compat.oracle.rules import host_position
from tests.compat.oracle.runner import SUFFIX, read

FILE = reference.cases() / f"field_validation{SUFFIX}"
GROUPS = ("connection_config", "credentials")


@pytest.fixture(scope="module")
def cases(reference_catalog):
    """The cases that name a field of a definition, with that definition."""
    if not FILE.is_file():
        pytest.skip("the executed cases are not beside this checkout")
    return [(case, reference_catalog.get(case["provider"])) for case in read(FILE)[1] if case.get("group") in GROUPS]


def taken(case, whole):
    """Whether the value is taken where nothing but that field has to be given."""
    definition = {
        "auth_mode": "NONE",
        "proxy": {"base_url": whole.base_url or ""},
        case["group"]: {case["name"]: case["field"]},
    }
    values = {"connection_config": {}, "credentials": {}}
    values[case["group"]] = {} if case.get("absent") else {case["name"]: case["value"]}
    try:
        check_input(Provider(whole.name, definition, "oracle"), values["connection_config"], values["credentials"])
    except ConfigError:
        return False
    return True


def stricter(case, whole):
    """The rule by which a value that the form takes may be refused; looks at the input only."""
    value = case["value"].strip()
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in value) or len(value) > 1024:
        return "server-validates"
    values = {"connectionConfig": {case["name"]: value}, "connection_config": {case["name"]: value}}
    return "host-position" if host_position(whole.base_url or "", values) else None


def laxer(case):
    """The rule by which a value that the form refuses may be taken."""
    return "pasted-address" if case["field"].get("prefix") and case["field"].get("suffix") else None


def test_a_value_that_the_form_takes_is_refused_only_by_a_named_rule(cases):
    good = [(case, whole) for case, whole in cases if case["expected"]["valid"] is True]
    refused = [(case["id"], stricter(case, whole)) for case, whole in good if not taken(case, whole)]
    assert [case for case, rule in refused if rule is None] == []
    assert len(good) > 10 * len(refused) > 0, Counter(rule for _, rule in refused)


def test_a_value_that_the_form_refuses_is_taken_only_by_a_named_rule(cases):
    bad = [(case, whole) for case, whole in cases if case["expected"]["valid"] is False]
    lax = [(case["id"], case["value"], laxer(case)) for case, whole in bad if taken(case, whole)]
    assert [(case, value) for case, value, rule in lax if rule is None] == []
    assert len(bad) > 10 * len(lax)
