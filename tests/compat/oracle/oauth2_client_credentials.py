"""OAUTH2_CC: the token request and the credentials that come of its answer."""

from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Ask
from connectors.runtime.integration import Integration

from .assertions import by_members
from .flows import compare
from .rules import host_position, unresolved
from .verdict import Verdict
from .world import World


def run(case: Mapping[str, Any], world: World) -> Verdict:
    """A refresh is the same request again."""
    provider = world.provider(case)
    config = case["connection_config"]
    ask = Ask(provider, Integration(), config, case["credentials"], world.moment(case))
    templates = [text for text in (provider.definition.get("token_params") or {}).values() if isinstance(text, str)]
    rules = [
        ("unresolved-placeholder", unresolved(templates, {"connectionConfig": config})),
        ("host-position", host_position(str(provider.definition.get("token_url")), config)),
    ]
    response = {"data": case["response"]}
    normal = by_members if provider.definition.get("token_request_auth_method") == "private_key_jwt" else None
    return compare(mode_of(provider).acquire(ask), [response], case["expected"], rules, normal)
