"""The address that a person consents at: the authorization request of OAuth 2.0 (RFC 6749, section 4.1.1).

The order of the parameters, and the rewriting that some definitions ask for, are the reference runtime's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime.address import form, parse
from connectors.runtime.auth.declared import texts
from connectors.runtime.auth.flow import Ask, Consent, Redirect
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_values import resolved, scopes, url_of
from connectors.runtime.auth.pkce import challenge, new_verifier
from connectors.runtime.auth.submitted import part
from connectors.runtime.scalars import text_of

_OURS = frozenset(
    {"client_id", "code_challenge", "code_challenge_method", "redirect_uri", "response_type", "scope", "state"}
)


def authorize(ask: Ask, consent: Consent, *, strict: bool = False) -> Redirect:
    """The redirect, and the PKCE verifier to remember (unless the definition switches PKCE off).

    `strict` is for MCP servers: PKCE always, and neither the definition nor the caller may replace a
    parameter of ours. Otherwise `consent.params` replace any parameter, and an empty mark (None) there
    takes away one that the definition added.

    Raises IntegrationIncomplete without a client, DefinitionError for a definition that uses another
    grant, UnresolvedPlaceholder if the connection lacks a value (also one that the exchange will need).
    """
    definition = ask.provider.definition
    _check_grant(ask)
    address = _address(ask)
    resolved(ask, "token_params", ask.connection_config)
    if strict:
        url_of(ask, ask.connection_config, "token_url")
    added: dict[str, Any] = resolved(ask, "authorization_params", ask.connection_config)
    if strict:
        added = {name: value for name, value in added.items() if name not in _OURS}
    remember = {}
    if strict or not definition.get("disable_pkce"):
        remember["code_verifier"] = new_verifier(ask.moment)
        added |= {"code_challenge": challenge(remember["code_verifier"]), "code_challenge_method": "S256"}
    if not strict:
        added |= consent.params
    params = {
        "response_type": "code",
        "client_id": client_of(ask, public=True, plain=False).id,
        "redirect_uri": consent.callback_url,
        "scope": scopes(ask),
        "state": consent.state,
        **{name: text_of(value) for name, value in added.items() if value is not None},
    }
    return Redirect(_rewritten(ask, address, params, strict), remember)


def _check_grant(ask: Ask) -> None:
    params = ask.provider.definition.get("token_params")
    grant = params.get("grant_type") if isinstance(params, Mapping) else None
    if grant not in (None, "", "authorization_code"):
        raise DefinitionError(
            f"{ask.provider.name} uses the grant {str(grant)[:60]!r}, which needs no consent.",
            provider=ask.provider.name,
            reference_code="grant_type_err",
        )


def _address(ask: Ask) -> str:
    """Origin and path of the authorization URL; a query that it has of its own is never sent."""
    address = parse(url_of(ask, ask.connection_config, "authorization_url"))
    return address.origin + address.path


def _rewritten(ask: Ask, address: str, params: dict[str, str], strict: bool) -> str:
    definition = ask.provider.definition
    if "scopes" in texts(ask.provider, "authorization_url_skip_encode"):
        query = _with_bare_scope(params, strict)
    else:
        query = form(list(params.items()))
    fragment = definition.get("authorization_url_fragment")
    url = f"{address}#{fragment}?{query}" if fragment else f"{address}?{query}"
    for old, new in part(ask, "authorization_url_replacements").items():
        if isinstance(new, str) and isinstance(old, str):
            url = url.replace(old, new, 1)
    return _without_empty(url) if definition.get("authorization_url_skip_empty") else url


def _with_bare_scope(params: dict[str, str], strict: bool) -> str:
    """The scope at the end with its separators as they are: `+` is not escaped.

    For an MCP server only the separator stays bare.
    """
    others = form([(name, value) for name, value in params.items() if name != "scope"])
    scope = params["scope"]
    bare = form([("", scope)])[1:].replace("%2B", "+") if strict else _bare(scope)
    return f"{others}&scope={bare}"


def _bare(scope: str) -> str:
    """A text as it is, but for what no query may hold."""
    return str(parse("https://x/?" + scope.replace("#", "%23").replace("&", "%26"))).partition("?")[2]


def _without_empty(url: str) -> str:
    front, question_mark, query = url.partition("?")
    return front + question_mark + "&".join(_filled(query))


def _filled(query: str) -> Iterator[str]:
    return (part for part in query.split("&") if part.partition("=")[2])
