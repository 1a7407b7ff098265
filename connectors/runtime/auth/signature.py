"""SIGNATURE: a WS-Security user name token (WSSE), made here and made anew when it has expired."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

from connectors.errors import DefinitionError
from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.flow import Ask, Flow, Grant
from connectors.runtime.auth.submitted import lifetime, part, submitted

_NONCE = 16  # octets


def acquire(ask: Ask) -> Flow:
    """No request. Raises ConfigError for a missing user name or password, DefinitionError for another protocol."""
    yield from ()
    protocol = part(ask, "signature").get("protocol")
    if protocol != "WSSE":
        raise DefinitionError(f"signature.protocol of {ask.provider.name} is {str(protocol)[:40]!r}; WSSE is known.")
    given = submitted(ask, "username", "password")
    created, nonce = iso(ask.moment.now), ask.moment.random_bytes(_NONCE).hex()
    # The reference runtime encodes the digest's hexadecimal text, not its octets; the providers it serves take that.
    digest = hashlib.sha1(f"{nonce}{created}{given['password']}".encode("utf-8", "replace")).hexdigest()  # noqa: S324
    password_digest = base64.b64encode(digest.encode()).decode()
    values = {"Username": given["username"], "PasswordDigest": password_digest, "Nonce": nonce, "Created": created}
    token = "UsernameToken " + ", ".join(f'{name}="{value}"' for name, value in values.items())
    expires_at = iso(ask.moment.now + timedelta(milliseconds=lifetime(ask)))
    return Grant({"type": "SIGNATURE", **given, "token": token, "expires_at": expires_at})


refresh = acquire
