"""Temporary keys for a role, from AWS's Security Token Service or from an endpoint of the integration's own.

Source: AWS STS API Reference, version 2011-06-15, AssumeRole and GetCallerIdentity.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from connectors.errors import InvalidUrl
from connectors.runtime.address import parse
from connectors.runtime.auth.answers import refusal, unusable
from connectors.runtime.auth.aws_answers import arn_of, keys_of, read
from connectors.runtime.auth.aws_role import Role
from connectors.runtime.auth.aws_signature import AwsKeys, signed_headers
from connectors.runtime.auth.basic import basic
from connectors.runtime.auth.encoding import form_percent, json_bytes
from connectors.runtime.auth.flow import Ask, Exchanges, TokenRequest
from connectors.runtime.auth.oauth2_client import incomplete

FAILED = "aws_sigv4_sts_request_failed"
INCOMPLETE = "invalid_aws_sigv4_config"
_LASTS = 3600  # seconds; what a role allows unless its owner says otherwise
_VERSION = ("Version", "2011-06-15")
_SESSION = "nango-"  # begins a session's name; trust policies and audit logs of existing customers look for it
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_DRAWN = 8  # octets of the session's name


def assume(ask: Ask, role: Role) -> Exchanges[tuple[dict[str, str], Mapping[str, Any]]]:
    """Keys for the role (`access_key_id`, `secret_access_key`, `session_token`, `expires_at`), and the whole answer.

    Raises IntegrationIncomplete if the integration does not say how, TokenRefused, TokenUnusable.
    """
    mode = ask.integration.custom.get("stsMode") or "builtin"
    if mode not in ("builtin", "custom"):
        raise incomplete(ask, "has another stsMode than builtin and custom", INCOMPLETE)
    answer = yield (_at_aws(ask, role) if mode == "builtin" else _at_own_endpoint(ask, role))
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, FAILED)
    raw = read(answer.text)
    keys = keys_of(raw, ask.moment.now)
    if keys is None:
        raise unusable(ask, answer, "keys, session token and expiry are not all there", FAILED)
    return keys, raw


def caller(ask: Ask, credentials: Mapping[str, Any]) -> Exchanges[str]:
    """The ARN of whoever holds these credentials. Raises TokenRefused, TokenUnusable."""
    keys = AwsKeys(
        credentials["access_key_id"],
        credentials["secret_access_key"],
        credentials["region"],
        "sts",
        credentials["session_token"],
    )
    answer = yield _signed(ask, keys, [("Action", "GetCallerIdentity"), _VERSION])
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, FAILED)
    arn = arn_of(read(answer.text))
    if arn is None:
        raise unusable(ask, answer, "it does not say whose the credentials are", FAILED)
    return arn


def _at_aws(ask: Ask, role: Role) -> TokenRequest:
    key_id, secret = _own(ask, "awsAccessKeyId"), _own(ask, "awsSecretAccessKey")
    pairs = [
        ("Action", "AssumeRole"),
        ("RoleArn", role.arn),
        *([("ExternalId", role.external_id)] if role.external_id else []),
        ("RoleSessionName", _SESSION + ask.moment.random_bytes(_DRAWN).hex()),
        ("DurationSeconds", str(_LASTS)),
        _VERSION,
    ]
    return _signed(ask, AwsKeys(key_id, secret, role.region, "sts"), pairs)


def _signed(ask: Ask, keys: AwsKeys, pairs: list[tuple[str, str]]) -> TokenRequest:
    address = parse(f"https://sts.{keys.region}.amazonaws.com/")
    body = form_percent(pairs)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    signed = signed_headers(keys, "POST", address, headers, hashlib.sha256(body).hexdigest(), ask.moment)
    return TokenRequest("POST", str(address), headers | signed, body)


def _at_own_endpoint(ask: Ask, role: Role) -> TokenRequest:
    body = {
        "role_arn": role.arn,
        **({"external_id": role.external_id} if role.external_id else {}),
        "region": role.region,
        "service": role.service,
    }
    headers = {"content-type": "application/json", **_authentication(ask)}
    return TokenRequest("POST", _endpoint(ask), headers, json_bytes(body))


def _endpoint(ask: Ask) -> str:
    url = _own(ask, "stsEndpointUrl")
    try:
        address = parse(url)
    except InvalidUrl:
        address = None
    if address is None or address.scheme != "https" or address.user_info is not None:
        raise incomplete(ask, "has a stsEndpointUrl that is no https address", INCOMPLETE)
    return str(address)


def _authentication(ask: Ask) -> dict[str, str]:
    kind = ask.integration.custom.get("stsAuthType") or "none"
    if kind == "api_key":
        name = str(ask.integration.custom.get("stsAuthHeader") or "x-api-key")
        if not _HEADER_NAME.fullmatch(name):
            raise incomplete(ask, "has a stsAuthHeader that is no name of a header", INCOMPLETE)
        return {name: _own(ask, "stsApiKey")}
    if kind == "basic":
        return {"authorization": basic(_own(ask, "stsAuthUsername"), _own(ask, "stsAuthPassword"))}
    if kind == "none":
        return {}
    raise incomplete(ask, "has another stsAuthType than none, api_key and basic", INCOMPLETE)


def _own(ask: Ask, name: str) -> str:
    value = ask.integration.custom.get(name)
    if value:
        return str(value)
    raise incomplete(ask, f"has no {name}", INCOMPLETE)
