"""Credentials that an auth mode asks for even if its definition describes none. A description replaces ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.runtime.catalog import Provider

Descriptor = Mapping[str, Any]

_USER: Descriptor = {"title": "Username", "description": "The name you log in with."}
_PASSWORD: Descriptor = {"title": "Password", "description": "The password you log in with.", "secret": True}
_CLIENT_ID: Descriptor = {"title": "Client ID", "description": "The id of your OAuth client.", "secret": False}
_CLIENT_SECRET: Descriptor = {
    "title": "Client Secret",
    "description": "The secret of your OAuth client.",
    "secret": True,
}
_CERTIFICATE: Descriptor = {
    "title": "Client Certificate",
    "description": "The certificate of your OAuth client, PEM.",
    "secret": True,
}
_PRIVATE_KEY: Descriptor = {
    "title": "Client Private Key",
    "description": "The private key of your OAuth client.",
    "secret": True,
}
_OF_MODE: Mapping[str, Mapping[str, Descriptor]] = {
    "API_KEY": {"apiKey": {"title": "API Key", "description": "The key that the provider gave you.", "secret": True}},
    "AWS_SIGV4": {
        "role_arn": {"title": "Role ARN", "description": "The role to take on.", "secret": False},
        "external_id": {
            "title": "External ID",
            "description": "What the role's trust policy asks for, if it does.",
            "secret": False,
            "optional": True,
        },
    },
    "BASIC": {"username": _USER, "password": _PASSWORD},
    "BILL": {
        "username": _USER,
        "password": _PASSWORD,
        "organization_id": {"title": "Organization ID", "description": "The id of your organization."},
        "dev_key": {"title": "Developer Key", "description": "The key of your developer account.", "secret": True},
    },
    "SIGNATURE": {"username": _USER, "password": _PASSWORD},
    "TBA": {
        "token_id": {"title": "Token ID", "description": "The id of the access token.", "secret": True},
        "token_secret": {"title": "Token Secret", "description": "The secret of the access token.", "secret": True},
        "oauth_client_id_override": {
            "title": "Consumer Key",
            "description": "Only if it is another than the integration's.",
            "secret": True,
            "optional": True,
        },
        "oauth_client_secret_override": {
            "title": "Consumer Secret",
            "description": "Only if it is another than the integration's.",
            "secret": True,
            "optional": True,
        },
    },
}


def usual_fields(provider: Provider, configured: Collection[str] = ()) -> dict[str, Descriptor]:
    """The descriptors of what the mode asks for, by name; the definition's own where it has one.

    `configured`: names of the integration's own fields that have a value; nobody is asked for them.
    """
    declared = provider.credentials
    if provider.auth_mode == "TWO_STEP":
        return _of_integration(provider, configured)
    usual = _client(provider) if provider.auth_mode == "OAUTH2_CC" else _OF_MODE.get(provider.auth_mode, {})
    return {name: declared.get(name, descriptor) for name, descriptor in usual.items()}


def _client(provider: Provider) -> dict[str, Descriptor]:
    """Of an OAuth client that acts for itself; its secret may be a key instead."""
    usual = {"client_id": _CLIENT_ID, "client_secret": _CLIENT_SECRET}
    if provider.definition.get("token_request_auth_method") == "private_key_jwt":
        usual |= {"client_secret": {**_CLIENT_SECRET, "optional": True}, "client_private_key": _PRIVATE_KEY}
    if provider.definition.get("require_client_certificate"):
        usual |= {"client_certificate": _CERTIFICATE, "client_private_key": _PRIVATE_KEY}
    return usual


def _of_integration(provider: Provider, configured: Collection[str]) -> dict[str, Descriptor]:
    """TWO_STEP: what the integration could hold, and does not, is asked of each connection."""
    fields: dict[str, Descriptor] = {}
    for name, descriptor in provider.integration_config.items():
        given = name in configured
        own = {**descriptor, "optional": False, "visible_when": None}
        fields[name] = {**provider.credentials.get(name, own), **({"automated": True} if given else {})}
    return fields
