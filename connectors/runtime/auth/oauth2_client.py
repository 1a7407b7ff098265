"""The OAuth client of an integration, and how it proves itself at the token endpoint (RFC 6749, section 2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.errors import IntegrationIncomplete
from connectors.runtime.auth.basic import basic
from connectors.runtime.auth.encoding import component
from connectors.runtime.auth.flow import Ask
from connectors.runtime.integration import Integration

ID_OVERRIDE = "oauth_client_id_override"
SECRET_OVERRIDE = "oauth_client_secret_override"  # noqa: S105 - the name of a field, not its value
SCOPES_OVERRIDE = "oauth_scopes_override"
REFRESH_TOKEN_OVERRIDE = "oauth_refresh_token_override"  # noqa: S105 - the name of a field, not its value

_PRINTABLE = re.compile(r"[\x20-\x7e]*\Z")  # RFC 6749, appendix A: VSCHAR


@dataclass(frozen=True, repr=False)
class Client:
    """What identifies us at the provider. The secret of a public client is empty."""

    id: str
    secret: str

    def basic(self) -> str:
        """A Basic header of id and secret as they are."""
        return basic(self.id, self.secret)

    def encoded_basic(self) -> str:
        """A Basic header of id and secret, form-encoded first (RFC 6749, section 2.3.1)."""
        return basic(_form(self.id), _form(self.secret))


def client_of(ask: Ask, *, public: bool = False, plain: bool = True) -> Client:
    """The connection's own client if its credentials hold one (`config_override`), else the integration's.

    A `public` client needs no secret; with `plain` both must be printable ASCII. Raises
    IntegrationIncomplete for what is missing or cannot be sent.
    """
    own = ask.credentials.get("config_override")
    own = own if isinstance(own, Mapping) else {}
    client = Client(
        str(own.get("client_id") or ask.integration.client_id),
        str(own.get("client_secret") or ask.integration.client_secret),
    )
    if not client.id:
        raise incomplete(ask, "has no client id", "missing_client_id")
    if not client.secret and not public:
        raise incomplete(ask, "has no client secret", "missing_client_secret")
    if plain and not (_PRINTABLE.match(client.id) and _PRINTABLE.match(client.secret)):
        raise incomplete(ask, "has a client id or secret with other than printable ASCII signs")
    return client


def incomplete(ask: Ask, what: str, reference_code: str = "provider_config_err") -> IntegrationIncomplete:
    """The error for an integration that "has no app link", say."""
    name = ask.integration.unique_key or ask.provider.name
    return IntegrationIncomplete(
        f"The integration {name} {what}.", provider=ask.provider.name, reference_code=reference_code
    )


def with_overrides(integration: Integration, connection_config: Mapping[str, Any]) -> Integration:
    """The integration as one connection sees it, which may have brought its own client and scopes.

    The names are `oauth_client_id_override`, `oauth_client_secret_override` and
    `oauth_scopes_override` (a list, or a text with commas). To be applied before `begin` and `acquire`.
    """
    scopes = connection_config.get(SCOPES_OVERRIDE)
    return replace(
        integration,
        client_id=str(connection_config.get(ID_OVERRIDE) or integration.client_id),
        client_secret=str(connection_config.get(SECRET_OVERRIDE) or integration.client_secret),
        scopes=(",".join(map(str, scopes)) if isinstance(scopes, list) else str(scopes or "")) or integration.scopes,
    )


def authenticate(definition: Mapping[str, Any], client: Client) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and body fields that a definition asks for to prove who we are.

    `authorization_method: header` leaves the body alone; `token_request_auth_method: basic` does not,
    and gives way to the other one in the header.
    """
    if definition.get("authorization_method") == "header":
        return {"Authorization": client.encoded_basic()}, {}
    fields = {"client_id": client.id} | ({"client_secret": client.secret} if client.secret else {})
    if definition.get("token_request_auth_method") == "basic":
        return {"Authorization": client.basic()}, fields
    return {}, fields


def _form(text: str) -> str:
    return component(text).replace("%20", "+")
