"""Whole retry loops: how many calls, and the waits between them."""

from typing import Any

from connectors.runtime import retry

from . import rules
from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """The attempts until one succeeds, none is left, or the answer is not worth another."""
    now, waits, calls, ok = world.moment(case).now, [], 0, False
    for status in case["statuses"]:
        calls += 1
        ok = 200 <= status < 300
        if ok or calls > case["retries"]:
            break
        decision = retry.decide(
            case["proxy_retry"],
            status=status,
            headers=case["headers"] or {},
            retry_on=case["retry_on"] or (),
            attempt=calls - 1,
            now=now.timestamp(),
        )
        if not decision.retry or decision.wait is None:
            break
        waits.append(decision.wait * 1000)
    actual = {"calls": calls, "ok": ok, "waits_ms": waits}
    told = calls == case["expected"]["calls"] and rules.retry_after_unnamed(case, case["proxy_retry"], now)
    return judge(actual == case["expected"], case["expected"], actual, [("retry-after-unnamed", told)])
