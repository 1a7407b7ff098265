"""JWT: a token (RFC 7519) that is signed here with the customer's key, and signed anew when it has expired."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from connectors.errors import DefinitionError, KeyMaterialInvalid
from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.flow import Ask, Flow, Grant
from connectors.runtime.auth.jws import sign
from connectors.runtime.auth.missing import missing_value
from connectors.runtime.auth.pem import private_key
from connectors.runtime.auth.submitted import lifetime, part, signing
from connectors.runtime.template import render_s, without_credentials

_MADE_HERE = frozenset({"type", "token", "expires_at"})
_IN_HALVES = "ghost-admin"  # in an integration's name: its key is `id:secret`, and the definition names the halves
_UNSIGNED = "failed_to_sign"


def acquire(ask: Ask) -> Flow:
    """No request.

    Raises UnresolvedPlaceholder if the key, or a value deep in the claims, is missing, KeyMaterialInvalid
    for a key that cannot sign, DefinitionError for a definition that does not say how.
    """
    yield from ()
    fields = {name: value for name, value in ask.credentials.items() if name not in _MADE_HERE}
    if _IN_HALVES in ask.integration.unique_key or _IN_HALVES in ask.provider.name:
        fields |= _halves(fields.get("privateKey"))
    token, issued, lasts = part(ask, "token"), int(ask.moment.now.timestamp()), lifetime(ask)
    values = _Values(ask, fields)
    claims = values.of(token.get("payload")) | {"iat": issued, "exp": issued + _whole(lasts / 1000)}
    declared = values.of(token.get("header"))
    header = {"alg": declared.get("alg"), "typ": "JWT", **declared}
    key = values.text(token.get("signing_key"), "token.signing_key")
    with signing(ask, _UNSIGNED):
        signed = sign(header, claims, _key(ask, key))
    expires_at = iso(ask.moment.now + timedelta(milliseconds=lasts))
    return Grant({"type": "JWT", **fields, "token": signed, "expires_at": expires_at})


refresh = acquire


class _Values:
    """Puts values into the definition's claims."""

    def __init__(self, ask: Ask, fields: Mapping[str, Any]) -> None:
        config = ask.connection_config
        self._ask = ask
        self._variables = {**fields, "connectionConfig": config, "connection_config": config}

    def of(self, entries: Any) -> dict[str, Any]:
        """The entries of a header or of claims; a text or list without its values is left out."""
        if entries is None:
            return {}
        if not isinstance(entries, Mapping):
            raise DefinitionError(f"token.header and token.payload of {self._ask.provider.name} have to be mappings.")
        return {name: value for name, entry in entries.items() for value in self._member(entry)}

    def text(self, template: Any, place: str) -> str:
        """A text that has to be complete. Raises UnresolvedPlaceholder."""
        if not isinstance(template, str):
            raise DefinitionError(f"{place} of {self._ask.provider.name} has to be text.")
        rendered = self._rendered(template)
        if rendered[1]:
            raise missing_value(self._ask.provider, rendered[1], place)
        return rendered[0]

    def _member(self, entry: Any) -> Iterator[Any]:
        """The entry with its values; nothing, if it is to be left out."""
        if isinstance(entry, str):
            text, missing = self._rendered(entry)
            if not missing:
                yield text
        elif isinstance(entry, list):
            items = [item for each in entry for item in self._items(each)]
            if items:
                yield items
        else:
            yield self._deep(entry)

    def _items(self, entry: Any) -> Iterator[Any]:
        """The items that one item of a list stands for: a text holds several, with commas in between."""
        for value in self._member(entry):
            if isinstance(value, str):
                yield from filter(None, (part.strip() for part in value.split(",")))
            else:
                yield value

    def _deep(self, entry: Any) -> Any:
        if isinstance(entry, str):
            return self.text(entry, "token.payload")
        if isinstance(entry, Mapping):
            return {name: self._deep(value) for name, value in entry.items()}
        return [self._deep(item) for item in entry] if isinstance(entry, list) else entry

    def _rendered(self, template: str) -> tuple[str, tuple[str, ...]]:
        rendered = render_s(without_credentials(template), self._variables, moment=self._ask.moment)
        return rendered.text, rendered.missing


def _key(ask: Ask, text: str) -> str | bytes:
    """What signs. Raises KeyMaterialInvalid."""
    signature = part(ask, "signature")
    if signature.get("protocol") != "HMAC":
        return private_key(text)
    if signature.get("hmac_secret_encoding") == "utf8":
        return text.encode("utf-8", "replace")
    try:
        key = binascii.unhexlify(text)
    except ValueError:
        key = b""
    if key:
        return key
    raise KeyMaterialInvalid(
        f"{ask.provider.display_name} signs with a secret of hexadecimal digits, and this one is not.",
        next_step="Paste the secret as the provider shows it: digits and the letters a to f, in pairs.",
    )


def _halves(key: Any) -> dict[str, Any]:
    if not isinstance(key, str) or ":" not in key:
        return {}
    name, secret, *_ = key.split(":")
    return {"privateKey": {"id": name, "secret": secret}}


def _whole(seconds: float) -> float:
    """As a whole number where it is one; JSON writes 300.0 otherwise."""
    return int(seconds) if seconds == int(seconds) else seconds
