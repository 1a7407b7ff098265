"""What the functions of a template compute. Each gives None where the reference runtime leaves the call as text."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from connectors.errors import KeyMaterialInvalid
from connectors.runtime.scalars import text_of
from connectors.runtime.template.moment import Moment
from connectors.runtime.template.sigv4 import amz_date, authorization, octets, sha256


def compute(function: str, arguments: list[str], variables: Mapping[str, Any], moment: Moment) -> str | None:
    """The text that a call stands for; None if it cannot be computed from these arguments."""
    if function == "awsSigV4":
        return _aws_sig_v4(arguments, variables, moment)
    return _FUNCTIONS[function](*arguments)


def _base64(text: str) -> str:
    return base64.b64encode(octets(text)).decode("ascii")


def _sha256_base64(text: str) -> str:
    return base64.b64encode(hashlib.sha256(octets(text)).digest()).decode("ascii")


def _hmac_sha1_hex(message: str, key: str) -> str:
    # The provider's choice, not ours: definitions name the algorithm.
    return hmac.new(octets(key), octets(message), hashlib.sha1).hexdigest()


def _aws_sig_v4(arguments: list[str], variables: Mapping[str, Any], moment: Moment) -> str | None:
    """The authorization of the request that the variables describe; the path is taken as it is."""
    access_key_id, secret, region, service, *host = (argument.strip() for argument in arguments)
    if not (access_key_id and secret and region and service):
        return None

    def named(name: str) -> str:
        return text_of(variables.get(name) or "")

    time = amz_date(moment.now)
    headers = {"host": "".join(host) or f"{service}.amazonaws.com", "x-amz-date": time}
    if content_type := named("contentType"):
        headers = {"content-type": content_type, **headers}
    names = ";".join(headers)
    request = [
        named("method") or "GET",
        named("path") or "/",
        named("urlCanonicalParams" if "urlCanonicalParams" in variables else "params"),
        *(f"{name}:{value}" for name, value in headers.items()),
        "",
        names,
        sha256(named("bodyCanonicalParams")),
    ]
    return authorization((access_key_id, secret), region, service, time, names, "\n".join(request))


def _ed25519_sign(message: str, key: str) -> str | None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private_key = _private_key(key)
    if not message or not isinstance(private_key, Ed25519PrivateKey):
        return None
    return base64.b64encode(private_key.sign(octets(message))).decode("ascii")


def _fingerprint(pem: str) -> str | None:
    """SHA-256 over the public key (SubjectPublicKeyInfo, RFC 5280 section 4.1, as DER), in Base64."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public_key = _public_key(pem)
    if public_key is None:
        return None
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{base64.b64encode(hashlib.sha256(der).digest()).decode('ascii')}"


def _public_key(pem: str) -> Any:
    """The public half of a key; None if the text is no key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    private_key = _private_key(pem)
    if private_key is not None:
        return private_key.public_key()
    try:
        return load_pem_public_key(_tidied(pem, "PUBLIC KEY"))
    except (ValueError, TypeError, UnsupportedAlgorithm, KeyMaterialInvalid):
        return None


def _private_key(pem: str) -> Any:
    """The private key of a PEM text in any of the shapes that people paste; None if it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(_tidied(pem, "PRIVATE KEY"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm, KeyMaterialInvalid):
        return None


def _tidied(pem: str, label: str) -> bytes:
    from connectors.runtime.auth.pem import tidy  # the auth modes import templates

    return tidy(pem, None if "-----BEGIN" in pem else label).encode("utf-8", "replace")


_FUNCTIONS: Mapping[str, Callable[..., str | None]] = {
    "base64": _base64,
    "sha256Hex": sha256,
    "sha256Base64": _sha256_base64,
    "hmacSha1Hex": _hmac_sha1_hex,
    "ed25519Sign": _ed25519_sign,
    "fingerprint": _fingerprint,
}
