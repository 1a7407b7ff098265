"""The rules by which we differ from the reference runtime: one list, in the code and on the page."""

import re
from pathlib import Path

import pytest

from tests.compat.oracle.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "compatibility.md").read_text()
SECTIONS = dict(re.findall(r"^### (.+)\n((?:(?!#).*\n)*)", PAGE.partition("\n## Named rules\n")[2], re.MULTILINE))
DESIGNED = {
    *("unresolved-placeholder", "value-as-template", "base-url-inside-endpoint", "cross-host-credentials"),
    *("host-position", "server-validates", "pasted-address", "retry-after-unnamed", "writes-not-repeated"),
    *("true-status", "broken-cursor-400", "keeps-on-reauthorise", "last-duplicate-wins"),
}


def test_the_rules_are_the_ones_that_were_decided_and_no_others():
    assert {*RULES} == DESIGNED
    assert [*SECTIONS] == [*RULES]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_predicate_effect_reason_example_and_tests_on_the_page(rule):
    marks = re.findall(r"^- \*\*(\w+)\*\*", SECTIONS[rule], re.MULTILINE)
    assert marks == ["When", "What", "Why", "Example", "Tests"]
    for path in re.findall(r"`(tests/[^`]+)`", SECTIONS[rule]):
        assert (ROOT / path).is_file(), path
