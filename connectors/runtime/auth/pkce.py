"""Proof Key for Code Exchange (RFC 7636), always with S256."""

from __future__ import annotations

import base64
import hashlib

from connectors.runtime.template import Moment

_OCTETS = 24  # 48 hexadecimal digits; the RFC asks for 43 to 128 signs


def new_verifier(moment: Moment) -> str:
    """A secret that is sent with the code only."""
    return moment.random_bytes(_OCTETS).hex()


def challenge(verifier: str) -> str:
    """What the authorization request shows of it: base64url of its SHA-256, without padding."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
