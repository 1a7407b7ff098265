"""An integration's own fields: which values are stored, or which fields are refused."""

from typing import Any

from connectors import ConfigError
from connectors.runtime.integration_fields import check_integration

from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One input of a new integration, or a change of an existing one."""
    options = case["options"] or {}
    existing = options.get("existing") or {} if options.get("patch") else None
    actual: dict[str, Any]
    try:
        actual = {"values": dict(check_integration(world.provider(case), case["submitted"], existing=existing))}
    except ConfigError as error:
        actual = {"invalid_fields": [problem.field for problem in error.problems]}
    return judge(_ordered(actual) == _ordered(case["expected"]), case["expected"], actual)


def _ordered(outcome: dict[str, Any]) -> dict[str, Any]:
    """Which fields are refused counts, not in which order."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in outcome.items()}
