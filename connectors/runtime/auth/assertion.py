"""Assertions of TWO_STEP: signed statements that are exchanged for a token."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import KeyMaterialInvalid
from connectors.runtime.auth import jws, jwt_claims, saml
from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.missing import missing_value
from connectors.runtime.auth.pem import private_key
from connectors.runtime.auth.submitted import signing
from connectors.runtime.scalars import text_of
from connectors.runtime.template import render_s

_STILL_GOOD = timedelta(seconds=60)
_JWT_LIFE = timedelta(seconds=3600)
_SAML_LIFE = timedelta(seconds=300)
_FAILED = {"jwt": "failed_to_generate_jwt_assertion", "saml": "failed_to_generate_assertion"}


def assertion_of(ask: Ask, credentials: Mapping[str, Any]) -> str | None:
    """The assertion to send; None if the definition has none, or a refresh token makes it unnecessary.

    `credentials` are the submitted or stored ones. A stored `assertion` is sent again while it is good
    for more than a minute, unless the definition says `singleUse`. Raises KeyMaterialInvalid without a
    key that can sign, also when the key was given at connect only; UnresolvedPlaceholder.
    """
    rules = ask.provider.definition.get("assertion")
    if not isinstance(rules, Mapping) or credentials.get("refresh_token"):
        return None
    kind = "jwt" if rules.get("type") == "jwt" else "saml"
    stored = credentials.get("assertion")
    if isinstance(stored, str) and not rules.get("singleUse") and _is_good(kind, stored, ask.moment.now):
        return stored
    make = jwt_assertion if kind == "jwt" else saml_assertion
    return make(ask, rules, credentials)


def jwt_assertion(ask: Ask, rules: Mapping[str, Any], credentials: Mapping[str, Any]) -> str:
    """A signed JSON Web Token (RFC 7523). `iat` and `exp` come first and can be overridden by the payload."""
    fill = _filler(ask, credentials)
    issued = int(ask.moment.now.timestamp())
    life = _seconds(rules.get("lifetimeInSeconds")) or _JWT_LIFE
    times = {"iat": issued, "exp": issued + int(life.total_seconds())}
    header = {"alg": "HS256", "typ": "JWT"} | _filled(fill, rules, "header")
    claims = times | _filled(fill, rules, "payload")
    key = _key(ask, rules, credentials, "jwt")
    with signing(ask, _FAILED["jwt"]):
        return jws.sign(header, claims, private_key(key))


def saml_assertion(ask: Ask, rules: Mapping[str, Any], credentials: Mapping[str, Any]) -> str:
    """A SAML 2.0 assertion in Base64. Its lifetime counts only if it is written as a text, as in the reference."""
    fill = _filler(ask, credentials)
    value = {name: text_of(fill(rules.get(name, ""), f"assertion {name}")) for name in _SAML_TEXTS}
    lifetime = rules.get("lifetimeInSeconds")
    said = saml.Statement(
        id=f"_{ask.moment.random()}",
        issued=ask.moment.now,
        lifetime=(_seconds(lifetime) if isinstance(lifetime, str) else None) or _SAML_LIFE,
        issuer=value["issuer"],
        name_identifier=value["nameIdentifier"],
        name_format=value["nameIdentifierFormat"] or saml.UNSPECIFIED_NAME,
        audiences=tuple(part.strip() for part in value["audiences"].split(",") if part.strip()),
        recipient=value["recipient"],
        session_index=value["sessionIndex"],
        context=value["authnContextClassRef"] or saml.UNSPECIFIED_CONTEXT,
        attributes={name: text_of(item) for name, item in _filled(fill, rules, "attributes").items()},
    )
    if not rules.get("key"):
        return _base64(saml.assertion(said))
    key = _key(ask, rules, credentials, "saml")
    with signing(ask, _FAILED["saml"]):
        return _base64(saml.assertion(said, private_key(key)))


_SAML_TEXTS = (
    "issuer",
    "nameIdentifier",
    "nameIdentifierFormat",
    "audiences",
    "recipient",
    "sessionIndex",
    "authnContextClassRef",
)
_Fill = Callable[[Any, str], Any]


def _is_good(kind: str, stored: str, now: datetime) -> bool:
    if kind == "jwt":
        seconds = jwt_claims.expiry_of(stored)
        until = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    else:
        until = saml.expiry_of(stored, now)
    return until is not None and until - now > _STILL_GOOD


def _variables(ask: Ask, credentials: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "credentials": credentials,
        "connectionConfig": ask.connection_config,
        "assertionOption": ask.assertion_option,
    }


def _filler(ask: Ask, credentials: Mapping[str, Any]) -> _Fill:
    """Puts values into a text, and into every text of a list or mapping. Raises UnresolvedPlaceholder."""
    variables = _variables(ask, credentials)

    def fill(value: Any, place: str) -> Any:
        if isinstance(value, Mapping):
            return {name: fill(item, place) for name, item in value.items()}
        if isinstance(value, list):
            return [fill(item, place) for item in value]
        if not isinstance(value, str):
            return value
        rendered = render_s(value, variables, moment=ask.moment)
        if rendered.missing:
            raise missing_value(ask.provider, rendered.missing, place)
        return rendered.text

    return fill


def _filled(fill: _Fill, rules: Mapping[str, Any], group: str) -> dict[str, Any]:
    def entries() -> Iterator[tuple[str, Any]]:
        values = rules.get(group)
        for name, value in values.items() if isinstance(values, Mapping) else ():
            yield name, fill(value, f"assertion {group} {name}")

    return dict(entries())


def _key(ask: Ask, rules: Mapping[str, Any], credentials: Mapping[str, Any], kind: str) -> str:
    template = rules.get("key")
    rendered = render_s(template if isinstance(template, str) else "", _variables(ask, credentials), moment=ask.moment)
    if rendered.text and not rendered.missing:
        return rendered.text
    raise KeyMaterialInvalid(
        f"{ask.provider.display_name} needs a new assertion, and there is no key to sign it: it was given once and"
        " is not kept, or was never given.",
        next_step="Connect again, with the private key.",
        provider=ask.provider.name,
        reference_code=_FAILED[kind],
    )


def _seconds(value: Any) -> timedelta | None:
    """A lifetime as definitions write it: a number, or digits in a text."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**10:
        return None
    return timedelta(seconds=value)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
