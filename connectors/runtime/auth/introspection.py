"""Asks whether a token is still good, where its expiry is not told (RFC 7662; Salesforce is such a provider)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import HostRefused, InvalidUrl
from connectors.runtime.address import parse
from connectors.runtime.auth.answers import json_of
from connectors.runtime.auth.dates import expiration
from connectors.runtime.auth.encoding import form_plus
from connectors.runtime.auth.expiry import buffer_of
from connectors.runtime.auth.flow import Ask, Exchanges, TokenRequest
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.oauth2_hosts import is_asked

_ENDPOINT = "${connectionConfig.instance_url}/services/oauth2/introspect"


def is_spent(ask: Ask) -> Exchanges[bool]:
    """Whether the provider says that the token is not active any more, or ends within the buffer of its definition.

    An answer that says neither is no reason to renew: the calls themselves will show. Raises
    UnresolvedPlaceholder if the connection does not know its `instance_url`, HostRefused if that is not
    where the provider said, for the client's secret goes there.
    """
    url = make_url(_ENDPOINT, ask.connection_config, moment=ask.moment, name="introspection URL")
    _check_host(ask, url)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = yield TokenRequest("POST", url, headers, form_plus(list(_fields(ask).items())))
    content = json_of(answer)
    if answer.status != 200 or not isinstance(content, Mapping):
        return False
    ends = expiration(content.get("exp"), ask.moment.now)
    near = ends is not None and ends - ask.moment.now < buffer_of(ask.provider.definition)
    return content.get("active") is False or near


def _check_host(ask: Ask, url: str) -> None:
    """Whoever connects can give an `instance_url` too; the one in the token answer is the provider's own."""
    raw = ask.credentials.get("raw")
    told = raw.get("instance_url") if isinstance(raw, Mapping) else None
    netloc = parse(url).netloc
    if netloc in ask.integration.hosts or is_asked(ask, "instance_url"):
        return
    try:
        own = isinstance(told, str) and parse(told).netloc == netloc
    except InvalidUrl:
        own = False
    if not own:
        raise HostRefused(f"{ask.provider.display_name} has not said that {netloc} is its own.", host=netloc)


def _fields(ask: Ask) -> dict[str, str]:
    """The token, and the client that it was given to: the integration's, or the connection's own."""
    own = ask.credentials
    override = own.get("config_override")
    override = override if isinstance(override, Mapping) else {}
    return {
        "token": _first(own.get("access_token"), own.get("token")),
        "client_id": _first(
            override.get("client_id"), own.get("client_id"), own.get("clientId"), ask.integration.client_id
        ),
        "client_secret": _first(
            override.get("client_secret"),
            own.get("client_secret"),
            own.get("clientSecret"),
            ask.integration.client_secret,
        ),
    }


def _first(*values: Any) -> str:
    return next((str(value) for value in values if value), "")
