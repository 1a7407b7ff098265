"""The renewal of OAuth 2.0 credentials."""

from typing import Any

from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Callback

from .flows import Driven, same_error, same_requests
from .oauth2_flows import CALLBACK_URL, answers_of, ask_of, rules_of
from .verdict import Differs, Failed, Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One renewal."""
    provider, expected = world.provider(case), case["expected"]
    callback = Callback({}, case.get("callback_url") or CALLBACK_URL)
    ask = ask_of(case, provider, world.moment(case), callback)
    driven = Driven(mode_of(provider).refresh(ask), *answers_of(case))
    credentials = None if driven.error else dict(driven.result.credentials)
    if "error" in expected:
        same = same_error(expected, driven.error, "unhandled_")
    else:
        same = credentials == expected["credentials"]
    same = same and same_requests(expected["requests"], driven.sent)
    actual = None if credentials is None else {"requests": driven.requests, "credentials": credentials}
    definition = provider.definition
    params = definition.get("refresh_params", definition.get("token_params"))
    verdict = judge(same, expected, actual, rules_of(case, provider, params), driven.error)
    # Filled is not refused: this side of the rule raises nothing.
    filled = driven.error is None and _written(params)
    return Differs("unresolved-placeholder") if filled and isinstance(verdict, Failed) else verdict


def _written(params: Any) -> bool:
    """The reference sends these as they are written, placeholders and all; here they are filled, or refused."""
    return any(isinstance(text, str) and "${" in text for text in (params or {}).values())
