"""The requests of a credential check, and what it concludes."""

from typing import Any

from connectors import Client
from connectors.runtime.tokens import Unchanging
from connectors.testing import FakeClock

from . import rules
from .canned import Answer, Canned, connection_of
from .flows import IGNORED
from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One check, against a server that gives the case's statuses."""
    provider, expected = world.provider(case), case["expected"]
    script = [Answer(status) for status in case.get("response_statuses") or ()]
    transport = Canned(script, Answer(case.get("response_status") or 200))
    client = Client(
        connection_of(case, provider),
        transport=transport,
        tokens=Unchanging(),
        clock=FakeClock(world.moment(case).now.timestamp()),
    )
    result = client.verify()
    actual: dict[str, Any] = {
        "requests": [
            {
                "method": request.method,
                "url": request.url,
                "headers": dict(request.headers),
                "body": (request.body or b"").decode() or None,
            }
            for request in transport.sent
        ],
        "valid": result.ok,
    }
    return judge(_same(actual, expected), expected, actual, rules.of_a_check(case, provider), result.error)


def _same(actual: dict[str, Any], expected: dict[str, Any]) -> bool:
    if actual["valid"] is not expected["valid"] or len(actual["requests"]) != len(expected["requests"]):
        return False
    return all(
        ours["method"] == theirs["method"]
        and ours["url"] == theirs["url"]
        and _compared(theirs["headers"]).items() <= _compared(ours["headers"]).items()
        and ours["body"] == (theirs["body"] or None)
        for ours, theirs in zip(actual["requests"], expected["requests"], strict=True)
    )


def _compared(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in IGNORED}
