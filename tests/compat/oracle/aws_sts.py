"""AWS_SIGV4: how temporary keys for a role are asked for, and what is read out of the answer."""

from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Ask
from connectors.runtime.catalog import Provider
from connectors.runtime.integration import Integration

from .flows import Driven, answer, same_requests
from .verdict import Verdict, judge
from .world import World

_NAMES = {
    "accessKeyId": "access_key_id",
    "secretAccessKey": "secret_access_key",
    "sessionToken": "session_token",
    "expiresAt": "expires_at",
}


def run(case: Mapping[str, Any], world: World) -> Verdict:
    given, expected = case["input"], case["expected"]
    provider = Provider("aws-sigv4", {"auth_mode": case["auth_mode"]}, "oracle")
    named = {"role_arn": "roleArn", "external_id": "externalId", "region": "region"}
    credentials = {name: given[key] for name, key in named.items() if given.get(key)}
    integration = Integration(custom=case["integration_custom"])
    ask = Ask(provider, integration, {}, credentials, world.moment(case))
    # Renewing is taking on the role; connecting also asks whose the keys are, which the cases do not show.
    driven = Driven(mode_of(provider).refresh(ask), answer(case["response"]))
    same = same_requests(expected.get("requests", []), driven.sent)
    if driven.error is not None:
        same = same and driven.error.facts.get("reference_code") == expected.get("error")
        return judge(same, expected, None, error=driven.error)
    found = {name: driven.result.credentials[ours] for name, ours in _NAMES.items()}
    actual = {"requests": driven.requests, "credentials": found}
    return judge(same and found == expected.get("credentials"), expected, actual)
