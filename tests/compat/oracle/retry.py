"""Whether a failed attempt is repeated, and after how long."""

from typing import Any

from connectors.runtime import retry

from . import rules
from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One decision, or one back-off. The reference writes a wait of `null` where it falls back on the latter."""
    expected = case["expected"]
    if "attempt_index" in case:
        actual = {"wait_ms": retry.backoff(case["attempt_index"]) * 1000}
        return judge(actual == expected, expected, actual)
    settings = world.provider(case).retry if "provider" in case else case["proxy_retry"]
    response, options, now = case["response"], case.get("request_options") or {}, world.moment(case).now
    decision = retry.decide(
        settings,
        status=response.get("status"),
        headers=response.get("headers") or {},
        body=response.get("data"),
        error_code=response.get("code"),
        retry_on=options.get("retryOn") or (),
        retry_header=options.get("retryHeader"),
        attempt=0,
        now=now.timestamp(),
    )
    wait = None if decision.wait is None else decision.wait * 1000
    if expected["wait_ms"] is None and wait == retry.backoff(0) * 1000:
        wait = None
    actual = {"retry": decision.retry, "reason": decision.reason, "wait_ms": wait}
    told = decision.retry == expected["retry"] and rules.retry_after_unnamed(response, settings, now)
    return judge(actual == expected, expected, actual, [("retry-after-unnamed", told)])
