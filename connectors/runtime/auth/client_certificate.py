"""The client certificate of providers that want mutual TLS (`require_client_certificate`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.errors import KeyMaterialInvalid
from connectors.runtime.auth.flow import Certificate
from connectors.runtime.catalog import Provider

_REFERENCE_CODE = "invalid_certificate_or_key_format"
_BLOCKS = re.compile(r"(?=-----BEGIN )")
_KIND_OF_KEY = re.compile(r"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----")  # the label says how the key is written


def client_certificate(provider: Provider, credentials: Mapping[str, Any]) -> Certificate | None:
    """The certificate to show with a call or a token request; None where the definition asks for none.

    None too if either half is missing: then the provider refuses the connection, and says so. A
    certificate may be a chain. Raises KeyMaterialInvalid for text that is no PEM.
    """
    if provider.definition.get("require_client_certificate") is not True:
        return None
    certificate, key = (credentials.get(name) for name in ("client_certificate", "client_private_key"))
    if not certificate or not key:
        return None
    try:
        return Certificate(_chain(str(certificate)), _key(str(key)))
    except KeyMaterialInvalid as error:
        raise KeyMaterialInvalid(error.message, next_step=error.next_step, reference_code=_REFERENCE_CODE) from None


def _chain(text: str) -> str:
    from connectors.runtime.auth.pem import tidy

    return "".join(tidy(block, "CERTIFICATE") for block in _BLOCKS.split(text) if block.strip())


def _key(text: str) -> str:
    from connectors.runtime.auth.pem import tidy

    kind = _KIND_OF_KEY.search(text)
    return tidy(text, kind[1] if kind else "PRIVATE KEY")
