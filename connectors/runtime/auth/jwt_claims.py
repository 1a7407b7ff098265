"""What a JSON Web Token says of itself, read without a key: nothing here is proof of anything (RFC 7519)."""

from __future__ import annotations

import base64
import json
from typing import Any

_LATEST = 253_402_300_799  # the last second of the year 9999


def expiry_of(token: Any) -> float | None:
    """`exp` in Unix seconds; None for what is no token, and for one without a sensible `exp`."""
    claims = claims_of(token)
    seconds = claims.get("exp")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LATEST:
        return None
    return float(seconds)


def claims_of(token: Any) -> dict[str, Any]:
    """All claims; none for what is no token."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
