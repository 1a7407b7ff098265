"""Aliases, form rules and templates against executed cases of the reference runtime.

A case may differ only by a named rule whose predicate looks at the case's input. The cases are not
part of this repository: CONNECTORS_ORACLE names their folder, CONNECTORS_REFERENCE_PROVIDERS the
reference's definition file.
"""

import gzip
import hashlib
import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from connectors.errors import ConfigError
from connectors.runtime.catalog import Catalog, Provider
from connectors.runtime.definition_check import check_file
from connectors.runtime.field_positions import misplaced
from connectors.runtime.field_rules import accepts
from connectors.runtime.fields import check_input, fields_of, schema_of
from connectors.runtime.template import Moment, render, render_if_needed, render_s

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(os.environ.get("CONNECTORS_ORACLE") or ROOT.parent / "shared" / "nango" / "oracle")
INSTALLED = ROOT / "node_modules" / "@nangohq" / "providers" / "providers.yaml"
PROVIDERS = Path(os.environ.get("CONNECTORS_REFERENCE_PROVIDERS") or INSTALLED)
VERSION = "b1ee667e6fd5fb219b2716edf36207e6a9e1e70c12c49979ad2919ed4716e983"  # SHA-256 of the file the cases used
ENGINES = {
    "interpolateString": render_s,
    "interpolateStringFromObject": render,
    "interpolateIfNeeded": render_if_needed,
}
LATER_FUNCTIONS = ("awsSigV4(", "ed25519Sign(", "fingerprint(")
RANDOM = "11111111-2222-4333-8444-555555555555"
NOW = "2024-03-09T08:05:07.123Z"


def oracle(name):
    path = ORACLE / f"{name}.json.gz"
    if not path.exists():
        pytest.skip("the executed cases are not beside this checkout; CONNECTORS_ORACLE names their folder")
    with gzip.open(path) as file:
        return json.load(file)


@pytest.fixture(scope="module")
def reference():
    if not PROVIDERS.exists():
        pytest.skip("CONNECTORS_REFERENCE_PROVIDERS does not name the reference's providers.yaml")
    if hashlib.sha256(PROVIDERS.read_bytes()).hexdigest() != VERSION:
        pytest.skip("CONNECTORS_REFERENCE_PROVIDERS names another version than the cases were made with")
    return Catalog([PROVIDERS])


def canonical_hash(definition):
    text = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# --- Definitions ---------------------------------------------------------------------------------


def test_aliases_give_the_same_definitions(reference):
    cases = oracle("alias")["cases"]
    differing = [
        case["id"]
        for case in cases
        if canonical_hash(reference.get(case["provider"]).definition) != case["expected"]["sha256_of_canonical_json"]
        or list(reference.get(case["provider"]).definition) != case["expected"]["keys"]
        or reference.get(case["provider"]).base_url != case["expected"]["base_url"]
    ]
    assert (len(cases), differing) == (32, [])


def test_every_definition_can_be_used(reference):
    assert len(reference.names()) == 1013
    for provider in reference.providers():
        assert provider.auth_mode
        assert all(field.title and field.expected for field in fields_of(provider))
        assert schema_of(provider, "connection_config")["type"] == "object"


def test_the_check_finds_the_known_oddities_and_no_other_error(reference):
    errors = {finding.path for finding in check_file(PROVIDERS) if finding.severity == "error"}
    assert errors == {
        "freshteam.credentials.apiKey.pattern",  # compiles in no language
        "whoop.proxy.paginate",  # a cursor with the keys of an offset
    }


# --- Form rules ----------------------------------------------------------------------------------


def value_of(case):
    return None if case.get("absent") else case["value"]


def test_every_form_case_is_judged_alike():
    cases = oracle("field_validation")["cases"]
    differing = [case["id"] for case in cases if accepts(case["field"], value_of(case)) != case["expected"]["valid"]]
    assert (len(cases), differing) == (1046, [])


def why_stricter(provider, case):
    """The rule by which an input may be refused that the form takes. It looks at the input only."""
    value, base_url = case["value"], provider.base_url or ""
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in value.strip()):
        return "control-characters"
    if value and misplaced(base_url, case["group"], case["name"], value.strip()):
        return "host-position"
    return None


def test_checking_an_input_is_stricter_only_by_named_rules(reference):
    """One field at a time, as a provider with nothing but that field."""
    refused, rules = [], Counter()
    for case in oracle("field_validation")["cases"]:
        if case.get("group") != "connection_config" or case["expected"]["valid"] is not True:
            continue
        whole = reference.get(case["provider"])
        definition = {
            "auth_mode": "NONE",
            "proxy": {"base_url": whole.base_url or ""},
            "connection_config": {case["name"]: case["field"]},
        }
        provider = Provider(whole.name, definition, "oracle")
        rule = why_stricter(provider, case)
        rules[rule] += 1
        try:
            check_input(provider, {case["name"]: case["value"]}, {})
        except ConfigError as error:
            if rule is None:
                refused.append((case["id"], str(error)))
    assert refused == []
    assert rules[None] > 30


# --- Templates -----------------------------------------------------------------------------------


def frozen(variables):
    now, random = variables.get("now", NOW), variables.get("random", RANDOM)
    return Moment(datetime.fromisoformat(now), lambda: random)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def value_is_read_as_a_template(case, variables):
    """Rule value-as-template: a value holds `${` (no `||`: a value with it never differed in these three functions)."""
    return any("${" in text for text in strings(variables))


def test_every_template_gives_the_same_text():
    oracle_file = oracle("interpolation")
    shared = oracle_file["shared_variables"]
    compared, differing = 0, []
    for case in oracle_file["cases"]:
        if case["function"] not in ENGINES or any(name in case["template"] for name in LATER_FUNCTIONS):
            continue
        variables = shared.get(case["variables"]) if isinstance(case["variables"], str) else case["variables"]
        rendered = ENGINES[case["function"]](case["template"], variables, moment=frozen(variables))
        compared += 1
        same = rendered.text == case["expected"].get("output")
        if not same and not value_is_read_as_a_template(case, variables):
            differing.append((case["id"], rendered.text))
    assert differing == []
    assert compared == 146
