"""The arithmetic of AWS Signature Version 4 (AWS General Reference, "Create a signed AWS API request")."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

ALGORITHM = "AWS4-HMAC-SHA256"


def amz_date(now: datetime) -> str:
    """The instant as `x-amz-date` writes it, e.g. 20240309T080507Z."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def authorization(keys: tuple[str, str], region: str, service: str, time: str, names: str, request: str) -> str:
    """The value of the authorization header for a canonical request.

    `keys` are the access key's id and its secret, `time` as `amz_date` gives it, `names` the signed
    headers' names joined by semicolons, `request` the canonical request as text.
    """
    access_key_id, secret = keys
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    text = "\n".join([ALGORITHM, time, scope, sha256(request)])
    signature = _hmac(_signing_key(secret, time[:8], region, service), text).hex()
    return f"{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def sha256(text: str) -> str:
    """The hash of a text in hex; half a surrogate pair counts as U+FFFD."""
    return hashlib.sha256(octets(text)).hexdigest()


def octets(text: str) -> bytes:
    """UTF-8; half a surrogate pair becomes U+FFFD, as in every JavaScript runtime."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = octets(f"AWS4{secret}")
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, octets(text), hashlib.sha256).digest()
