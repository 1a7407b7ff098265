"""Dynamic client registration at MCP servers."""

from typing import Any

from connectors.runtime.auth.mcp_oauth2 import register

from .flows import Driven, same_requests
from .oauth2_flows import answers_of, ask_of
from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One registration."""
    provider, expected = world.provider(case), case["expected"]
    ask = ask_of(case, provider, world.moment(case))
    name = f"{case['team']} - {case['environment']} - {provider.display_name}"
    driven = Driven(register(ask, case["callback_url"], name), *answers_of(case))
    if driven.error is not None:
        return judge(False, expected, None, error=driven.error)
    client = driven.result
    result = {"client_id": client.id, **({"client_secret": client.secret} if client.secret else {})}
    same = same_requests(expected["requests"], driven.sent) and result == expected["result"]
    return judge(same, expected, {"requests": driven.requests, "result": result})
