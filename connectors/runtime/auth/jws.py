"""Signs JSON Web Tokens whose header and claims keep the order they are given in (RFC 7515, compact form)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from connectors.errors import KeyMaterialInvalid
from connectors.runtime.auth.encoding import json_bytes

_ALGORITHMS = frozenset(
    {f"{family}{bits}" for family in ("HS", "RS", "PS", "ES") for bits in (256, 384, 512)} | {"EdDSA"}
)


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: Any) -> str:
    """The signed token. `header["alg"]` says how: HS with the text or octets of the key, all others with a
    private key, as PEM or as an object of the library `cryptography`.

    Raises KeyMaterialInvalid for an unknown algorithm and for a key that does not fit it.
    """
    import jwt

    name = str(header.get("alg"))
    if name not in _ALGORITHMS:
        raise KeyMaterialInvalid(
            f"The definition signs with {name[:20]!r}, which is no algorithm that is known.",
            next_step="Correct the definition's header.alg.",
        )
    signed = f"{_part(header)}.{_part(claims)}"
    try:
        algorithm = jwt.get_algorithm_by_name(name)
        signature = algorithm.sign(signed.encode(), algorithm.prepare_key(key))
    except (ValueError, TypeError, AttributeError, jwt.PyJWTError, NotImplementedError):
        raise KeyMaterialInvalid(f"The key cannot sign with {name}.") from None
    return f"{signed}.{_base64url(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64url(json_bytes(value))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
