"""The requests of OAuth 1.0a that fetch tokens, signed as the definition says (RFC 5849, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import DefinitionError
from connectors.runtime.address import parse, parse_form
from connectors.runtime.auth.encoding import form_percent
from connectors.runtime.auth.flow import Ask, TokenRequest
from connectors.runtime.auth.oauth1_header import METHODS, Signer, protocol_parameters, signature, written
from connectors.runtime.auth.oauth2_client import client_of

_OURS = "oauth_"  # what begins so stands in the header, all else in the body


@dataclass(frozen=True, repr=False)
class Token:
    """A request token or an access token."""

    value: str
    secret: str


def token_request(ask: Ask, url: str, params: Mapping[str, str], token: Token | None = None) -> TokenRequest:
    """A POST that fetches a token; the nonce and the time come from the moment.

    `params` that begin with `oauth_` go into the header, the others into a form body; all are signed.
    Raises IntegrationIncomplete without a client, DefinitionError for another signature method.
    """
    address, client = parse(url), client_of(ask)
    signer = Signer(
        client.id, client.secret, token.value if token else None, token.secret if token else "", _method(ask)
    )
    ours = {name: value for name, value in params.items() if name.startswith(_OURS)}
    in_header = protocol_parameters(signer, ask.moment) | ours
    in_body = [(name, value) for name, value in params.items() if not name.startswith(_OURS)]
    signed = [*in_header.items(), *in_body, *parse_form(address.query or "")]
    listed = [*sorted(in_header.items()), ("oauth_signature", signature(signer, "POST", address, signed))]
    headers = {"Authorization": written(listed, ","), "Content-Type": "application/x-www-form-urlencoded"}
    return TokenRequest("POST", url, headers, form_percent(in_body) or None)


def _method(ask: Ask) -> str:
    method = ask.provider.definition.get("signature_method")
    if method in METHODS:
        return str(method)
    raise DefinitionError(
        f"signature_method of {ask.provider.name} is {str(method)[:40]!r}; {', '.join(METHODS)} are known."
    )
