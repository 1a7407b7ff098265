"""Where credentials stand in a request before and after the definition has its say. The kind of credential decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import (
    ConsentNeeded,
    InputError,
    IntegrationIncomplete,
    UnresolvedPlaceholder,
    UnsupportedAuthMode,
)
from connectors.runtime.address import Address
from connectors.runtime.auth import BROWSER_MODES, basic
from connectors.runtime.body import Body
from connectors.runtime.connection import Connection
from connectors.runtime.template import Moment

_UNSUPPORTED = "unsupported_auth"  # the reference runtime's code for a request that it cannot sign
_SIGNATURE_METHODS = frozenset({"HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"})


@dataclass(frozen=True)
class Outline:
    """What a signature covers of a request, beside its headers."""

    method: str
    address: Address
    moment: Moment


def default_headers(connection: Connection, outline: Outline) -> dict[str, str]:
    """The headers that the kind of credential brings by itself; the definition's headers go on top.

    Raises UnsupportedAuthMode for a kind that there is not, ConsentNeeded or UnresolvedPlaceholder
    for a token that the connection lacks, IntegrationIncomplete for a missing OAuth client.
    """
    place = _PLACES.get(connection.credential_type)
    if place is None:
        name = connection.provider.name
        raise UnsupportedAuthMode(
            f"The credentials of {name} are of the kind {connection.credential_type[:40]!r}, which does not exist.",
            provider=name,
            reference_code=_UNSUPPORTED,
        )
    return place(connection, outline)


def check(connection: Connection) -> None:
    """Raise as `default_headers` does, for a connection that no call could use."""
    nowhere = Address("https", "localhost", None, "/")
    default_headers(connection, Outline("GET", nowhere, Moment.current()))


def last_headers(
    connection: Connection, outline: Outline, headers: Mapping[str, str], body: Body, *, multipart: bool
) -> dict[str, str]:
    """The headers that go over all others because they sign them (lower-case names); usually none.

    Raises UnresolvedPlaceholder if a key to sign with is missing.
    """
    if connection.credential_type != "AWS_SIGV4":
        return {}
    from connectors.runtime.auth.aws_signature import AwsKeys, payload_hash, signed_headers

    keys = AwsKeys(
        _given(connection, "access_key_id"),
        _given(connection, "secret_access_key"),
        _given(connection, "region"),
        _given(connection, "service"),
        _text(connection.credentials.get("session_token") or ""),
    )
    payload = payload_hash(body, outline.method, keys.service, multipart=multipart)
    return signed_headers(keys, outline.method, outline.address, headers, payload, outline.moment)


def _nowhere(connection: Connection, outline: Outline) -> dict[str, str]:
    del connection, outline
    return {}


def _basic(connection: Connection, outline: Outline) -> dict[str, str]:
    del outline
    return basic.headers(connection.credentials)


def _bearer(name: str) -> Callable[[Connection, Outline], dict[str, str]]:
    """`Authorization: Bearer …` (RFC 6750)."""

    def place(connection: Connection, outline: Outline) -> dict[str, str]:
        del outline
        return {"authorization": f"Bearer {_given(connection, name)}"}

    return place


def _two_step(connection: Connection, outline: Outline) -> dict[str, str]:
    """As a bearer, unless the definition places the token or the session's cookies itself."""
    del outline
    for name, template in connection.headers.items():
        if "${accessToken}" in template or (name.lower() == "cookie" and "${credentials._cookies}" in template):
            return {}
    return {"authorization": f"Bearer {_given(connection, 'token')}"}


def _oauth1(connection: Connection, outline: Outline) -> dict[str, str]:
    """Signed with HMAC-SHA1 whatever the definition says; only the label follows it, as in the reference runtime."""
    from connectors.runtime.auth.oauth1_header import HMAC_SHA1, Signer, authorization

    integration, label = connection.integration, connection.provider.definition.get("signature_method")
    key, secret = _client(connection, integration.client_id, integration.client_secret)
    signer = Signer(
        key,
        secret,
        _given(connection, "oauth_token"),
        _given(connection, "oauth_token_secret"),
        HMAC_SHA1,
        label if label in _SIGNATURE_METHODS else None,
    )
    return {"authorization": authorization(signer, outline.method, outline.address, outline.moment)}


def _tba(connection: Connection, outline: Outline) -> dict[str, str]:
    """NetSuite's token-based authentication: the account is the realm; the connection may have its own consumer."""
    from connectors.runtime.auth.oauth1_header import HMAC_SHA256, Signer, authorization

    config, own = connection.connection_config, connection.credentials.get("config_override")
    own = own if isinstance(own, Mapping) else {}
    key, secret = _client(
        connection,
        own.get("client_id") or config.get("oauth_client_id"),
        own.get("client_secret") or config.get("oauth_client_secret"),
    )
    account = config.get("accountId")
    if not account:
        raise UnresolvedPlaceholder(
            f"{connection.provider.name} signs with the account's id (accountId), and the connection has none.",
            placeholders=("connectionConfig.accountId",),
        )
    signer = Signer(
        key,
        secret,
        _given(connection, "token_id"),
        _given(connection, "token_secret"),
        HMAC_SHA256,
        realm=_text(account).upper().replace("-", "_", 1),
    )
    return {"authorization": authorization(signer, outline.method, outline.address, outline.moment)}


def _client(connection: Connection, key: Any, secret: Any) -> tuple[str, str]:
    if key and secret:
        return _text(key), _text(secret)
    raise IntegrationIncomplete(
        f"{connection.provider.name} signs requests with the integration's client id and secret; they are missing.",
        next_step="Give the integration both; the provider shows them where the OAuth app is registered.",
        provider=connection.provider.name,
        reference_code=_UNSUPPORTED,
    )


def _given(connection: Connection, name: str) -> str:
    value = connection.credentials.get(name)
    if not value:
        raise _missing(connection, name)
    return _text(value)


def _text(value: Any) -> str:
    """Half a surrogate pair, which nothing can sign or send, becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode()


def _missing(connection: Connection, name: str) -> InputError:
    provider = connection.provider
    message = f"{provider.name} is called with a token or key ({name}) that the connection lacks."
    if provider.auth_mode in BROWSER_MODES:
        return ConsentNeeded(message, provider=provider.name)
    return UnresolvedPlaceholder(
        message,
        next_step=f"Connect it with `connectors connect`, which fetches one. A Connection may also be given {name}.",
        placeholders=(f"credentials.{name}",),
    )


_PLACES: Mapping[str, Callable[[Connection, Outline], dict[str, str]]] = {
    "API_KEY": _nowhere,
    "APP": _bearer("access_token"),
    "AWS_SIGV4": _nowhere,  # signed last
    "BASIC": _basic,
    "BILL": _nowhere,
    "CUSTOM": _nowhere,
    "INSTALL_PLUGIN": _basic,
    "JWT": _bearer("token"),
    "MCP_OAUTH2": _bearer("access_token"),
    "MCP_OAUTH2_GENERIC": _bearer("access_token"),
    "NONE": _nowhere,
    "OAUTH1": _oauth1,
    "OAUTH2": _bearer("access_token"),
    "OAUTH2_CC": _bearer("token"),
    "SIGNATURE": _bearer("token"),
    "TBA": _tba,
    "TWO_STEP": _two_step,
}
