"""SAML 2.0 assertions (saml-core-2.0-os), signed with RSA-SHA256 if there is a key (XML Signature 1.1)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import canonicalize
from xml.sax.saxutils import escape

from connectors.errors import KeyMaterialInvalid
from connectors.runtime.auth.dates import expiration, iso
from connectors.runtime.auth.xml_text import NotXml, read, whole

UNSPECIFIED_NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
UNSPECIFIED_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_QUOTE = {'"': "&quot;"}


@dataclass(frozen=True, repr=False)
class Statement:
    """What an assertion says."""

    id: str  # an XML name: begins with a letter or an underscore
    issued: datetime
    lifetime: timedelta
    issuer: str = ""
    name_identifier: str = ""
    name_format: str = UNSPECIFIED_NAME
    audiences: tuple[str, ...] = ()
    recipient: str = ""
    session_index: str = ""
    context: str = UNSPECIFIED_CONTEXT  # the class of authentication context
    attributes: Mapping[str, str] = field(default_factory=dict)


def assertion(statement: Statement, key: str | None = None) -> str:
    """The assertion as XML text; with the PEM of an RSA key it is signed, and the signature follows the issuer.

    Raises KeyMaterialInvalid, and InputError for a sign that XML cannot hold.
    """
    unsigned = whole("".join(_assertion(statement)))
    if key is None:
        return unsigned
    end = "</saml:Issuer>"
    return unsigned.replace(end, end + _signature(unsigned, statement.id, key), 1)


def expiry_of(text: str, now: datetime) -> datetime | None:
    """Until when an assertion in Base64 is valid, at the earliest; None for what is none, or has no end."""
    try:
        tree = read(base64.b64decode(text, validate=True).decode("utf-8"))
    except (NotXml, ValueError):
        return None
    ends = [expiration(end, now) for end in _ends(tree)]
    return min((end for end in ends if end is not None), default=None)


def _ends(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name == "@_NotOnOrAfter":
                yield value
            else:
                yield from _ends(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from _ends(item)


def _assertion(said: Statement) -> Iterator[str]:
    issued, until = iso(said.issued), iso(said.issued + said.lifetime)
    confirmed = _attributes(NotOnOrAfter=until, Recipient=said.recipient)
    yield f'<saml:Assertion xmlns:saml="{_SAML}"{_attributes(Version="2.0", ID=said.id, IssueInstant=issued)}>'
    yield f"<saml:Issuer>{escape(said.issuer)}</saml:Issuer>"
    yield f"<saml:Subject><saml:NameID{_attributes(Format=said.name_format)}>{escape(said.name_identifier)}"
    yield f'</saml:NameID><saml:SubjectConfirmation Method="{_BEARER}"><saml:SubjectConfirmationData{confirmed}/>'
    yield "</saml:SubjectConfirmation></saml:Subject>"
    yield f"<saml:Conditions{_attributes(NotBefore=issued, NotOnOrAfter=until)}>{_audiences(said.audiences)}"
    yield "</saml:Conditions>"
    yield f"<saml:AuthnStatement{_attributes(AuthnInstant=issued, SessionIndex=said.session_index)}>"
    yield f"<saml:AuthnContext><saml:AuthnContextClassRef>{escape(said.context)}</saml:AuthnContextClassRef>"
    yield "</saml:AuthnContext></saml:AuthnStatement>"
    yield from _statement(said.attributes)
    yield "</saml:Assertion>"


def _audiences(audiences: tuple[str, ...]) -> str:
    inner = "".join(f"<saml:Audience>{escape(audience)}</saml:Audience>" for audience in audiences)
    return f"<saml:AudienceRestriction>{inner}</saml:AudienceRestriction>" if inner else ""


def _statement(attributes: Mapping[str, str]) -> Iterator[str]:
    if not attributes:
        return
    schema = "http://www.w3.org/2001/XMLSchema"
    yield f'<saml:AttributeStatement xmlns:xs="{schema}" xmlns:xsi="{schema}-instance">'
    for name, value in attributes.items():
        yield f"<saml:Attribute{_attributes(Name=name)}>"
        yield f'<saml:AttributeValue xsi:type="xs:string">{escape(value)}</saml:AttributeValue></saml:Attribute>'
    yield "</saml:AttributeStatement>"


def _attributes(**values: str) -> str:
    """The ones that have a value."""
    return "".join(f' {name}="{escape(value, _QUOTE)}"' for name, value in values.items() if value)


def _signature(unsigned: str, statement_id: str, key: str) -> str:
    """An enveloped signature. Its canonical form is exclusive, which the standard library's is."""
    digest = base64.b64encode(hashlib.sha256(_canonical(unsigned)).digest()).decode("ascii")
    inner = (
        f'<CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/><SignatureMethod Algorithm="{_RSA_SHA256}"/>'
        f'<Reference URI="#{escape(statement_id, _QUOTE)}"><Transforms>'
        f'<Transform Algorithm="{_SIGNATURE}enveloped-signature"/><Transform Algorithm="{_EXCLUSIVE}"/></Transforms>'
        f'<DigestMethod Algorithm="{_SHA256}"/><DigestValue>{digest}</DigestValue></Reference></SignedInfo>'
    )
    value = _signed(_canonical(f'<SignedInfo xmlns="{_SIGNATURE}">{inner}'), key)
    return f'<Signature xmlns="{_SIGNATURE}"><SignedInfo>{inner}<SignatureValue>{value}</SignatureValue></Signature>'


def _canonical(text: str) -> bytes:
    return canonicalize(text).encode("utf-8")


def _signed(data: bytes, key: str) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, RSAPrivateKey):
        raise KeyMaterialInvalid("The key that signs the SAML assertion is no RSA private key.")
    return base64.b64encode(private.sign(data, PKCS1v15(), hashes.SHA256())).decode("ascii")
