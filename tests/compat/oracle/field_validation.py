"""Form rules: whether a form takes a value in a field."""

from typing import Any

from connectors.runtime.field_rules import accepts

from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One value in one field."""
    actual = {"valid": accepts(case["field"], None if case.get("absent") else case["value"])}
    return judge(actual == case["expected"], case["expected"], actual)
