"""Signed assertions are compared by what they say, where their text cannot be that of the reference.

Nothing fixes how the reference lays out the XML of a SAML assertion; ES and PS signatures of a JSON Web
Token have chance in them. RS and HS tokens stay text for text.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

_TEXTS = ("Issuer", "NameID", "Audience", "AuthnContextClassRef", "AttributeValue")
_ATTRIBUTES = ("Format", "IssueInstant", "Name", "NotBefore", "NotOnOrAfter", "Recipient", "SessionIndex", "Version")


def comparable(value: Any) -> Any:
    """The value with every such assertion in it, be it in the pair of a form, replaced by what it says."""
    return _replaced(value, lambda text: _said(text) or _unsigned(text) or text)


def by_members(value: Any) -> Any:
    """The value with every JSON Web Token replaced by the members that the facts name, in no order.

    Of a client assertion the facts give neither the order nor whether it says `typ` and `iat`.
    """
    return _replaced(value, lambda text: _members(text) or text)


def _replaced(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, change) for item in value]
    if not isinstance(value, str):
        return value
    if re.match(r"[\w.-]+=", value):
        return urlencode([(name, change(item)) for name, item in parse_qsl(value, keep_blank_values=True)])
    return change(value)


def _said(text: str) -> str | None:
    try:
        root = ElementTree.fromstring(base64.b64decode(text, validate=True))
    except (ValueError, ElementTree.ParseError):
        return None
    if _local(root.tag) != "Assertion":
        return None
    facts = []
    for element in root.iter():
        name = _local(element.tag)
        if name == "Signature":
            facts.append("signed")
        if name in _TEXTS:
            facts.append(f"{name}={(element.text or '').strip()}")
        facts += [f"{name}@{key}={element.get(key)}" for key in _ATTRIBUTES if element.get(key) is not None]
    return "; ".join(sorted(facts))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _unsigned(text: str) -> str | None:
    signed, _, signature = text.rpartition(".")
    header = _object(signed.partition(".")[0])
    by_chance = header is not None and str(header.get("alg")).startswith(("ES", "PS"))
    return f"{signed}.signature" if by_chance and signature else None


def _members(text: str) -> str | None:
    parts = text.split(".")
    header, claims = (_object(part) for part in parts[:2]) if len(parts) == 3 else (None, None)
    if header is None or claims is None:
        return None
    named = {name: item for name, item in (header | claims).items() if name not in ("typ", "iat")}
    return json.dumps(named, sort_keys=True)


def _object(part: str) -> dict[str, Any] | None:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=="))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
