"""Authorization URLs of the auth modes that redirect a browser."""

from dataclasses import replace
from typing import Any

from connectors import ConnectorError, DefinitionError, UnresolvedPlaceholder
from connectors.runtime.auth import browser_mode_of
from connectors.runtime.auth.flow import Consent

from .flows import Driven, answer
from .oauth2_flows import ask_of, rules_of
from .verdict import Failed, Same, Verdict, judge
from .world import World

SECRET = "c2VjcmV0"
"""The cases leave it out; it could be a private key."""

REFUSED = {"url_param_err": UnresolvedPlaceholder, "grant_type_err": DefinitionError}
"""What we raise where the reference answers with these."""


def run(case: dict[str, Any], world: World) -> Verdict:
    """One URL, with the case's own PKCE verifier."""
    provider, expected = world.provider(case), case["expected"]
    moment = replace(world.moment(case), random_bytes=lambda count: bytes.fromhex(case["code_verifier"])[:count])
    consent = Consent(case["callback_url"], case["state"], case.get("authorization_params") or {})
    integration = {"oauth_client_secret": SECRET, **case["integration"]}
    ask = ask_of({**case, "integration": integration}, provider, moment)
    driven = Driven(browser_mode_of(provider).begin(ask, consent), answer({}))
    error, url = driven.error, None if driven.error else driven.result.url
    if "error" in expected:
        kind = REFUSED.get(expected["error"].get("type"), ConnectorError)
        return Same() if isinstance(error, kind) else Failed(expected, url or error)
    return judge(url == expected["url"], expected["url"], url, rules_of(case, provider), error)
