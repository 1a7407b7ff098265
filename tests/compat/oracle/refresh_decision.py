"""Whether stored credentials are renewed, and the expiry that is stored for them."""

from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.expiry import decide, stored_expiry

from .verdict import Verdict, judge
from .world import World


def run(case: Mapping[str, Any], world: World) -> Verdict:
    """Of a decision only whether: the reference's reason is shown to people, and no facts list the reasons."""
    expected, now = case["expected"], world.moment(case).now
    if "credentials_expires_at" in expected:
        actual: dict[str, Any] = {"credentials_expires_at": iso(stored_expiry(case["credentials"], now))}
        return judge(actual == expected, expected, actual)
    decision = decide(
        world.provider(case), case["credentials"], case["connection_config"], now, force=bool(case["force"])
    )
    actual = {"should": decision.should, "reason": decision.reason}
    return judge(decision.should == expected["should"], expected, actual)  # the reason is for people
