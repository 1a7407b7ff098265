"""AWS Signature Version 4 over a whole request (AWS General Reference, "Create a signed AWS API request")."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from connectors.runtime.address import Address
from connectors.runtime.body import Body, json_text, octets
from connectors.runtime.template import Moment
from connectors.runtime.template.sigv4 import amz_date, authorization

NOTHING = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"  # what stands for a body that is not hashed; S3 only


@dataclass(frozen=True, repr=False)
class AwsKeys:
    """Keys, and what they are used for."""

    access_key_id: str
    secret_access_key: str
    region: str
    service: str
    session_token: str = ""  # "" for keys that last

    def __repr__(self) -> str:
        return f"AwsKeys({self.region!r}, {self.service!r})"


def signed_headers(
    keys: AwsKeys, method: str, address: Address, headers: Mapping[str, str], payload: str, moment: Moment
) -> dict[str, str]:
    """The headers that a signature adds: x-amz-date, x-amz-content-sha256, authorization, and the session token's.

    All of `headers` (lower-case names) are covered, and the host. `payload` is the hash of the
    body in hex, or UNSIGNED. The host itself is not among what is returned; HTTP sends it.
    """
    time = amz_date(moment.now)
    own = {"x-amz-date": time, "x-amz-content-sha256": payload}
    if keys.session_token:
        own["x-amz-security-token"] = keys.session_token
    covered = sorted({**headers, "host": address.netloc, **own}.items())
    names = ";".join(name for name, _ in covered)
    request = "\n".join(
        [
            method,
            address.path if keys.service == "s3" else _escaped_again(address.path),
            _query(address),
            *(f"{name}:{' '.join(value.split())}" for name, value in covered),
            "",
            names,
            payload,
        ]
    )
    secrets = keys.access_key_id, keys.secret_access_key
    return {**own, "authorization": authorization(secrets, keys.region, keys.service, time, names, request)}


def payload_hash(body: Body, method: str, service: str, *, multipart: bool) -> str:
    """The hash of a body that a signature covers, in hex, by the reference runtime's rules.

    Text as it is, mappings and lists as compact JSON, whatever the content type. A multipart form
    is not covered: S3 takes UNSIGNED for it, and for the others an empty body is hashed.
    """
    if multipart:
        return UNSIGNED if service == "s3" else NOTHING
    value = body.value
    if value is None or method in ("GET", "HEAD"):
        return NOTHING
    written = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else octets(_text(value))
    return hashlib.sha256(written).hexdigest()


def _escaped_again(path: str) -> str:
    """Every segment percent-encoded once more: services other than S3 expect the path so."""
    return "/".join(quote(segment, safe="~") for segment in path.split("/"))


def _query(address: Address) -> str:
    """The pairs, each side percent-encoded anew, by name and then by value."""
    pairs = [part.partition("=") for part in (address.query or "").split("&") if part]
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(text: str) -> str:
    return quote(unquote(text.replace("+", " ")), safe="~")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)
