"""The exchange of an authorization code: requests, credentials, and what is kept in the configuration."""

from typing import Any

from connectors import ConnectorError, Provider
from connectors.runtime.auth import browser_mode_of
from connectors.runtime.auth.flow import Callback

from .flows import Driven, same_error, same_requests
from .oauth2_flows import answers_of, ask_of, rules_of
from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One exchange."""
    provider, expected = world.provider(case), case["expected"]
    name = provider.definition.get("authorization_code_param_in_callback") or "code"
    callback = Callback(
        params={**(case.get("callback_query") or {}), name: case["code"], "state": str(case.get("state", ""))},
        callback_url=case["callback_url"],
        remembered={"code_verifier": case["code_verifier"]} if _has_pkce(provider) else {},
        webhook=case.get("webhook") or _webhook(provider.definition, case["code"]),
    )
    ask = ask_of(case, provider, world.moment(case), callback)
    driven = Driven(browser_mode_of(provider).acquire(ask), *answers_of(case))
    actual = None if driven.error else _shown(case, driven)
    same = same_requests(expected["requests"], driven.sent) and _same(expected, actual, driven.error)
    return judge(same, expected, actual, rules_of(case, provider), driven.error)


def _has_pkce(provider: Provider) -> bool:
    return provider.auth_mode != "OAUTH2" or not provider.definition.get("disable_pkce")


def _webhook(definition: dict[str, Any], code: str) -> dict[str, Any] | None:
    """The body of an installation webhook with the code where the definition says."""
    path = definition.get("authorization_code_param_in_webhook")
    if not path:
        return None
    body: Any = code
    for step in reversed(path.split(".")):
        body = {step: body}
    return dict(body)


def _shown(case: dict[str, Any], driven: Driven) -> dict[str, Any]:
    laid = {**case["connection_config"], **driven.result.connection_config}
    return {
        "requests": driven.requests,
        "credentials": dict(driven.result.credentials),
        "connection_config": {name: value for name, value in laid.items() if value is not None},
    }


def _same(expected: dict[str, Any], actual: dict[str, Any] | None, error: ConnectorError | None) -> bool:
    if "error" in expected:
        return same_error(expected, error)
    return actual is not None and all(actual[name] == expected[name] for name in ("credentials", "connection_config"))
