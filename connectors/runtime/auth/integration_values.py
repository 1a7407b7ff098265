"""What an app's integration holds beside its OAuth client, what its connection learns, and addresses with a query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.runtime.address import form, parse
from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.oauth2_client import incomplete
from connectors.runtime.auth.oauth2_config import known


def own_value(ask: Ask, name: str, title: str) -> str:
    """One of the integration's own values. Raises IntegrationIncomplete without it."""
    value = ask.integration.custom.get(name)
    if value:
        return str(value)
    raise incomplete(ask, f"has no {title} ({name})")


def learned(ask: Ask, raw: Any = None) -> dict[str, Any]:
    """What callback and token answer (`raw`) add to the connection's configuration, as the definition names it."""
    config = ask.connection_config
    return {name: value for name, value in known(ask, raw).items() if config.get(name) != value}


def with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    """The address with further pairs in its query. Raises InvalidUrl if it is none."""
    address = parse(url)
    return str(replace(address, query="&".join(filter(None, [address.query, form(pairs)]))))
