"""The Authorization header of OAuth 1.0a (RFC 5849), for calls and for the requests that fetch tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from connectors.runtime.address import Address
from connectors.runtime.template import Moment

HMAC_SHA1 = "HMAC-SHA1"
HMAC_SHA256 = "HMAC-SHA256"
PLAINTEXT = "PLAINTEXT"
METHODS = (HMAC_SHA1, HMAC_SHA256, PLAINTEXT)


@dataclass(frozen=True, repr=False)
class Signer:
    """Who signs, and how."""

    consumer_key: str
    consumer_secret: str
    token: str | None = None
    token_secret: str = ""
    method: str = HMAC_SHA1  # how the signature is computed
    label: str | None = None  # oauth_signature_method, if it is to say another method than the one used
    realm: str | None = None

    def __repr__(self) -> str:
        return f"Signer({self.method})"


def authorization(signer: Signer, verb: str, address: Address, moment: Moment) -> str:
    """`OAuth realm="…", oauth_consumer_key="…", …`: the realm first, the rest in the order of the alphabet.

    Nonce and time come from `moment`.
    """
    parameters = protocol_parameters(signer, moment)
    parameters["oauth_signature"] = signature(signer, verb, address, [*parameters.items(), *_query(address)])
    listed = sorted(parameters.items())
    if signer.realm is not None:
        listed.insert(0, ("realm", signer.realm))
    return written(listed, ", ")


def protocol_parameters(signer: Signer, moment: Moment) -> dict[str, str]:
    """What every signed request says of itself, but for the signature."""
    return {
        "oauth_consumer_key": signer.consumer_key,
        "oauth_nonce": moment.nonce(),
        "oauth_signature_method": signer.label or signer.method,
        "oauth_timestamp": str(int(moment.now.timestamp())),
        "oauth_version": "1.0",
        **({"oauth_token": signer.token} if signer.token is not None else {}),
    }


def signature(signer: Signer, verb: str, address: Address, signed: Sequence[tuple[str, str]]) -> str:
    """The signature over method, address and `signed`: the parameters of header, query and form body."""
    from oauthlib import oauth1
    from oauthlib.oauth1.rfc5849 import signature as library

    rfc5849: Any = library  # its type hints take no list of pairs
    keys = oauth1.Client(
        signer.consumer_key, client_secret=signer.consumer_secret, resource_owner_secret=signer.token_secret or None
    )
    if signer.method == PLAINTEXT:
        return str(rfc5849.sign_plaintext_with_client(None, keys))
    parameters = rfc5849.normalize_parameters(signed)
    base = rfc5849.signature_base_string(verb, f"{address.origin}{address.path}", parameters)
    by_sha256 = signer.method == HMAC_SHA256
    sign = rfc5849.sign_hmac_sha256_with_client if by_sha256 else rfc5849.sign_hmac_sha1_with_client
    return str(sign(base, keys))


def written(parameters: Iterable[tuple[str, str]], separator: str) -> str:
    """The header's value."""
    return "OAuth " + separator.join(f'{name}="{_escape(value)}"' for name, value in parameters)


def _query(address: Address) -> list[tuple[str, str]]:
    """The query's pairs. As in the reference runtime a plus sign is itself here, not a blank."""
    pairs = (part.partition("=") for part in (address.query or "").split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _escape(text: str) -> str:
    return quote(text, safe="~", errors="replace")
