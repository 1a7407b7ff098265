"""From the callback to credentials: the access token request of OAuth 2.0 (RFC 6749, section 4.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import ConsentRefused, DefinitionError
from connectors.runtime.address import parse
from connectors.runtime.auth import oauth2_hosts
from connectors.runtime.auth.encoding import component, json_bytes
from connectors.runtime.auth.flow import Ask, Callback, Exchanges, Flow, TokenAnswer, TokenRequest
from connectors.runtime.auth.metadata import at
from connectors.runtime.auth.oauth2_answer import credentials_of, read, reason, with_expiry
from connectors.runtime.auth.oauth2_client import authenticate, client_of
from connectors.runtime.auth.oauth2_config import granted, known
from connectors.runtime.auth.oauth2_values import resolved, url_of
from connectors.runtime.scalars import text_of


def exchange(ask: Ask, *, public: bool = False) -> Flow:
    """Send the code to the token URL. A `public` client may be without a secret.

    Raises ConsentRefused without a code, IntegrationIncomplete without a client, UnresolvedPlaceholder if
    a value is missing, TokenRefused and TokenUnusable for what came back.
    """
    raw, answer = yield from exchanged(ask, public=public)
    return granted(ask, credentials_of(ask, raw, answer=answer), raw)


def exchanged(ask: Ask, *, public: bool = False) -> Exchanges[tuple[dict[str, Any], TokenAnswer]]:
    """The answer to the code, with its expiry worked out, and the answer as it came."""
    code, back = code_of(ask)
    config = known(ask)
    if "authorization_url" in ask.provider.definition:
        url_of(ask, config, "authorization_url")  # where it cannot be built, nobody was asked for consent
    fields: dict[str, Any] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back.callback_url,
        **resolved(ask, "token_params", config),
    }
    if back.remembered.get("code_verifier"):
        fields["code_verifier"] = back.remembered["code_verifier"]
    url = url_of(ask, config, "token_url")
    oauth2_hosts.check(ask, url)
    answer = yield token_request(ask, url, fields, public=public)
    return with_expiry(read(ask, answer, refreshing=False), ask.moment.now), answer


def token_request(ask: Ask, url: str, fields: Mapping[str, Any], *, public: bool) -> TokenRequest:
    """A request to the token URL with the client's proof, in the definition's body format.

    It is sent without the URL's own query, as the reference runtime does.
    """
    definition = ask.provider.definition
    headers, own = authenticate(definition, client_of(ask, public=public))
    body = {**fields, **own}
    as_json = definition.get("body_format") == "json"
    address = parse(url)
    headers |= {
        "Accept": "application/json",
        "Content-Type": "application/json" if as_json else "application/x-www-form-urlencoded",
    }
    content = json_bytes(body) if as_json else form_body(body)
    return TokenRequest("POST", address.origin + address.path, headers, content)


def form_body(fields: Mapping[str, Any]) -> bytes:
    """A form as most clients of this protocol write it: a blank is `%20`."""
    pairs = (f"{component(name)}={component(text_of(value))}" for name, value in fields.items())
    return "&".join(pairs).encode("ascii")


def code_of(ask: Ask) -> tuple[str, Callback]:
    """The authorization code, and the callback (or installation webhook) that brought it.

    Raises ConsentRefused if there is none, with the provider's reason where it gave one.
    """
    back, definition = ask.callback, ask.provider.definition
    if back is None:
        raise ConsentRefused(
            f"{ask.provider.display_name} has not been asked for consent yet.", provider=ask.provider.name
        )
    path = definition.get("authorization_code_param_in_webhook")
    if isinstance(path, str) and back.webhook is not None:
        code, place = at(back.webhook, path), f"{path} of its webhook"
    else:
        name = definition.get("authorization_code_param_in_callback") or "code"
        if not isinstance(name, str):
            raise DefinitionError(f"authorization_code_param_in_callback of {ask.provider.name} is no text.")
        code, place = back.params.get(name), f"{name} of the callback"
    if isinstance(code, str) and code:
        return code, back
    raise ConsentRefused(
        f"{ask.provider.display_name} sent no code in {place}{reason(back.params)}.",
        provider=ask.provider.name,
        reference_code="callback_err",
    )
