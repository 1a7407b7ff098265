"""SAML 2.0 assertions: what they say, and a signature that others can verify."""

import base64
import hashlib
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import InputError, KeyMaterialInvalid
from connectors.runtime.auth.saml import Statement, assertion, expiry_of

from .mode_world import NOW, rsa_keys

SAML, DS = "{urn:oasis:names:tc:SAML:2.0:assertion}", "{http://www.w3.org/2000/09/xmldsig#}"
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


def said(**more):
    return Statement("_id-1", NOW, timedelta(seconds=300), **more)


def verify(text):
    """Checks the signature as a receiver does, with the public key alone; the element that it covers."""
    root = ElementTree.fromstring(text)
    signature = root.find(f"{DS}Signature")
    signed_info = text[text.index("<SignedInfo>") : text.index("</SignedInfo>")] + "</SignedInfo>"
    in_place = signed_info.replace("<SignedInfo>", f'<SignedInfo xmlns="{DS[1:-1]}">')
    load_pem_public_key(rsa_keys()[1].encode()).verify(
        base64.b64decode(signature.findtext(f"{DS}SignatureValue")),
        ElementTree.canonicalize(in_place).encode(),
        PKCS1v15(),
        hashes.SHA256(),
    )
    without = text[: text.index("<Signature ")] + text[text.index("</Signature>") + len("</Signature>") :]
    digest = base64.b64encode(hashlib.sha256(ElementTree.canonicalize(without).encode()).digest()).decode()
    assert signature.findtext(f".//{DS}DigestValue") == digest
    assert signature.find(f".//{DS}Reference").get("URI") == f"#{root.get('ID')}"
    return root


def test_it_says_who_speaks_of_whom_to_whom_and_for_how_long():
    text = assertion(
        said(
            issuer="us",
            name_identifier="someone",
            audiences=("a", "b"),
            recipient="https://sp.example/token",
            session_index="s-1",
            attributes={"api_key": "k", "use_email": "false"},
        )
    )
    root = ElementTree.fromstring(text)
    assert (root.get("ID"), root.get("Version"), root.get("IssueInstant")) == (
        "_id-1",
        "2.0",
        "2024-03-09T08:05:07.123Z",
    )
    assert root.findtext(f"{SAML}Issuer") == "us"
    name = root.find(f".//{SAML}NameID")
    assert (name.text, name.get("Format")) == ("someone", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
    data = root.find(f".//{SAML}SubjectConfirmationData")
    assert (data.get("Recipient"), data.get("NotOnOrAfter")) == ("https://sp.example/token", "2024-03-09T08:10:07.123Z")
    conditions = root.find(f"{SAML}Conditions")
    assert conditions.attrib == {"NotBefore": "2024-03-09T08:05:07.123Z", "NotOnOrAfter": "2024-03-09T08:10:07.123Z"}
    assert [one.text for one in conditions.iter(f"{SAML}Audience")] == ["a", "b"]
    assert root.find(f"{SAML}AuthnStatement").get("SessionIndex") == "s-1"
    assert root.findtext(f".//{SAML}AuthnContextClassRef") == "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
    values = {one.get("Name"): one.findtext(f"{SAML}AttributeValue") for one in root.iter(f"{SAML}Attribute")}
    assert values == {"api_key": "k", "use_email": "false"}


def test_without_a_key_it_is_not_signed():
    assert "Signature" not in assertion(said())


def test_the_signature_follows_the_issuer_and_verifies():
    root = verify(assertion(said(issuer="us", attributes={"a": "1"}), rsa_keys()[0]))
    assert [child.tag for child in root][:2] == [f"{SAML}Issuer", f"{DS}Signature"]


def test_a_changed_assertion_does_not_verify():
    text = assertion(said(issuer="us", name_identifier="someone"), rsa_keys()[0])
    with pytest.raises(AssertionError):
        verify(text.replace("someone", "root"))


@settings(max_examples=40)
@given(TEXTS, TEXTS, st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=3))
def test_whatever_the_values_hold_they_stay_values_and_the_signature_verifies(issuer, recipient, attributes):
    text = assertion(said(issuer=issuer, recipient=recipient, attributes=attributes), rsa_keys()[0])
    root = verify(text)
    assert (root.findtext(f"{SAML}Issuer") or "") == issuer
    assert root.find(f".//{SAML}SubjectConfirmationData").get("Recipient", "") == recipient
    assert {
        one.get("Name"): one.findtext(f"{SAML}AttributeValue") for one in root.iter(f"{SAML}Attribute")
    } == attributes


def test_a_control_character_is_refused():
    with pytest.raises(InputError, match="control character"):
        assertion(said(name_identifier="a\0b"), rsa_keys()[0])


@pytest.mark.parametrize("kind", ["elliptic", "public", "nonsense"])
def test_only_an_rsa_private_key_signs(kind):
    elliptic = ec.generate_private_key(ec.SECP256R1())
    pem = elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(KeyMaterialInvalid, match="RSA") as caught:
        assertion(said(), {"elliptic": pem, "public": rsa_keys()[1], "nonsense": "x"}[kind])
    assert "PRIVATE" not in str(caught.value)


def test_its_end_is_read_from_base64_whatever_the_prefix_of_its_names():
    text = assertion(said())
    for spelled in (text, text.replace("saml:", "saml2:").replace(":saml=", ":saml2=")):
        assert expiry_of(base64.b64encode(spelled.encode()).decode(), NOW) == NOW + timedelta(seconds=300)


@pytest.mark.parametrize("text", ["", "no assertion", "PGEvPg==", "////"])
def test_what_is_no_assertion_has_no_end(text):
    assert expiry_of(text, NOW) is None
