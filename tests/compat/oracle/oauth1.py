"""Three-legged OAuth 1.0a: a request token, the page to consent at, an access token."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.runtime.auth import browser_mode_of
from connectors.runtime.auth.flow import Ask, Callback, Consent
from connectors.runtime.integration import Integration

from .flows import Driven, answer, same_requests
from .verdict import Verdict, judge
from .world import World


def run(case: Mapping[str, Any], world: World) -> Verdict:
    expected, mode = case["expected"], browser_mode_of(world.provider(case))
    # The cases give the address with its state; a mode is given the two apart.
    address = urlsplit(case["callback_url"])
    plain, state = address._replace(query="").geturl(), parse_qs(address.query)["state"][0]
    ask = _ask(case, world)
    first = Driven(mode.begin(ask, Consent(plain, state)), answer(case["request_token_response"]))
    if first.error is not None:
        return judge("error" in expected, expected, None, error=first.error)
    back = Callback({"oauth_verifier": case["verifier"]}, plain, first.result.remember)
    last = Driven(mode.acquire(replace(ask, callback=back)), answer(case["access_token_response"]))
    if last.error is not None:
        return judge("error" in expected, expected, None, error=last.error)
    actual = {"authorization_url": first.result.url, "access_token": _token(last.result.credentials)}
    same = (
        same_requests(expected["request_token_requests"], first.sent)
        and same_requests(expected["access_token_requests"], last.sent)
        and all(actual[name] == expected[name] for name in actual)
    )
    sent = {"request_token_requests": first.requests, "access_token_requests": last.requests}
    return judge(same, expected, actual | sent)


def _ask(case: Mapping[str, Any], world: World) -> Ask:
    own = case["integration"]
    integration = Integration("", own["oauth_client_id"], own["oauth_client_secret"], own.get("oauth_scopes") or "")
    return Ask(world.provider(case), integration, case.get("connection_config") or {}, {}, world.moment(case))


def _token(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer, with the token and its secret as they are stored."""
    return {**credentials["raw"], **{name: credentials[name] for name in ("oauth_token", "oauth_token_secret")}}
