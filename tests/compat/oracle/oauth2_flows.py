"""What the comparers of OAuth 2.0 flows share: an Ask out of a case, its answers, and its rules."""

from collections.abc import Mapping
from typing import Any

from connectors import Integration, Provider
from connectors.runtime.auth.flow import Ask, Callback, TokenAnswer
from connectors.runtime.template import Moment

from . import rules
from .flows import answer

CALLBACK_URL = "https://runtime.example.com/oauth/callback"  # of the cases that name none


def ask_of(case: Mapping[str, Any], provider: Provider, moment: Moment, callback: Callback | None = None) -> Ask:
    """The question that a case asks of an auth mode."""
    own = case.get("integration") or {}
    return Ask(
        provider=provider,
        integration=Integration(
            unique_key=provider.name,
            client_id=own.get("oauth_client_id") or "",
            client_secret=own.get("oauth_client_secret") or "",
            scopes=own.get("oauth_scopes") or "",
            custom={name: value for name, value in own.items() if not name.startswith("oauth_")},
        ),
        connection_config=case.get("connection_config") or {},
        credentials=case.get("credentials") or {},
        moment=moment,
        callback=callback,
    )


def answers_of(case: Mapping[str, Any]) -> list[TokenAnswer]:
    """The answers of a case: one, or a list of them."""
    response = case["response"]
    return [
        answer(each, headers={"content-type": "application/json"})
        for each in (response if isinstance(response, list) else [response])
    ]


def rules_of(case: Mapping[str, Any], provider: Provider, *params: Any) -> list[tuple[str, bool]]:
    """The rules that a token flow may differ by; `params` are maps of the definition that are sent."""
    config = {"connectionConfig": case["connection_config"]}
    definition = provider.definition
    addresses = [str(definition.get(name) or "") for name in ("authorization_url", "token_url", "refresh_url")]
    sent = [text for entries in params for text in (entries or {}).values() if isinstance(text, str)]
    return [
        ("unresolved-placeholder", rules.unresolved(sent, config)),
        ("host-position", any(rules.host_position(address, config) for address in addresses)),
    ]
