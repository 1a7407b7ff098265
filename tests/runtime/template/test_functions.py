"""Functions of templates that sign and fingerprint: right values, and text where there is none."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.runtime.template import Moment, render, render_if_needed, render_s

ENGINES = [render, render_s, render_if_needed]
# AWS General Reference, "Signature Version 4 signing process": the published example.
AWS_MOMENT = Moment(datetime(2015, 8, 30, 12, 36, tzinfo=UTC), lambda: "drawn")
AWS_REQUEST = {
    "id": "AKIDEXAMPLE",
    "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "method": "GET",
    "path": "/",
    "urlCanonicalParams": "Action=ListUsers&Version=2010-05-08",
    "contentType": "application/x-www-form-urlencoded; charset=utf-8",
}
AWS_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, "
    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
)


def text(engine, template, variables):
    return engine(template, variables, moment=AWS_MOMENT).text


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VALUES = {"key": pem(ED25519), "message": "l1\nl2, with a comma", "empty": "", **AWS_REQUEST}


# --- awsSigV4 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "call",
    [
        "${awsSigV4(${id}, ${secret}, us-east-1, iam)}",
        "${awsSigV4( ${id} ,${secret},us-east-1 , iam, iam.amazonaws.com )}",
        "${awsSigV4(${id}, ${secret}, us-east-1, iam, )}",
    ],
)
def test_a_request_is_signed_as_aws_has_published(engine, call):
    assert text(engine, call, AWS_REQUEST) == AWS_SIGNED


def test_the_host_method_path_body_and_content_type_are_covered():
    call = "${awsSigV4(${id}, ${secret}, us-east-1, iam, ${host})}"
    signatures = {
        text(render, call, {**AWS_REQUEST, "host": "iam.amazonaws.com", **changed})
        for changed in (
            {},
            {"host": "x.amazonaws.com"},
            {"method": "POST"},
            {"path": "/x"},
            {"urlCanonicalParams": "a=b"},
            {"bodyCanonicalParams": "{}"},
            {"contentType": "text/plain"},
        )
    }
    assert len(signatures) == 7
    assert AWS_SIGNED in signatures


def test_without_a_content_type_host_and_date_are_covered():
    signed = text(render, "${awsSigV4(a, b, r, s)}", {})
    assert "SignedHeaders=host;x-amz-date," in signed


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "call",
    [
        "${awsSigV4(a, b, c)}",
        "${awsSigV4(a, b, c, d, e, f)}",
        "${awsSigV4(a, (b, c, d)}",
        "${awsSigV4(a, b, , d)}",
        "${awsSigV4()}",
        "${ed25519Sign(message)}",
        "${ed25519Sign(message, no key)}",
    ],
)
def test_a_call_without_a_result_stays_and_counts_as_missing(engine, call):
    rendered = engine(call, VALUES, moment=AWS_MOMENT)
    assert rendered.text == call
    assert rendered.missing


def test_an_empty_argument_leaves_the_call_as_text_with_its_values():
    rendered = render("${awsSigV4(${id}, ${empty}, r, s)}", VALUES, moment=AWS_MOMENT)
    assert rendered.text == "${awsSigV4(AKIDEXAMPLE, , r, s)}"
    assert rendered.missing


def test_an_unresolved_argument_of_a_signature_is_named():
    rendered = render("${awsSigV4(${nope}, b, c, d)}", {}, moment=AWS_MOMENT)
    assert rendered.missing == ("nope",)
    assert rendered.text.startswith("AWS4-HMAC-SHA256 Credential=${nope}/")


def test_a_comma_in_a_value_separates_nothing():
    assert text(render, "${awsSigV4(${a}, b, c, d)}", {"a": "x, y"}).startswith("AWS4-HMAC-SHA256 Credential=x, y/")


# --- ed25519Sign ---------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("key", [VALUES["key"], VALUES["key"].replace("\n", "\\n"), VALUES["key"].replace("\n", " ")])
def test_a_message_is_signed_with_the_key(engine, key):
    signature = text(engine, "${ed25519Sign(<${message}>,${key})}", {**VALUES, "key": key})
    ED25519.public_key().verify(base64.b64decode(signature), f"<{VALUES['message']}>".encode())


def test_an_earlier_function_may_stand_in_the_message():
    signature = text(render, "${ed25519Sign(${sha256Base64(x)};${now:X}, ${key})}", VALUES)
    digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    ED25519.public_key().verify(base64.b64decode(signature), f"{digest};1440938160".encode())


@pytest.mark.parametrize(
    "key", [pem(ec.generate_private_key(ec.SECP256R1())), "", "-----BEGIN PRIVATE KEY-----", "MC4CAQAw", "é"]
)
def test_a_key_of_another_kind_signs_nothing(key):
    rendered = render("${ed25519Sign(m, ${key})}", {"key": key}, moment=AWS_MOMENT)
    assert rendered.text == f"${{ed25519Sign(m, {key})}}"
    assert rendered.missing


def test_nothing_is_signed_without_a_message_or_with_half_of_one():
    for template, values in (("${ed25519Sign(${nope}, ${key})}", VALUES), ("${ed25519Sign(, ${key})}", VALUES)):
        assert render(template, values, moment=AWS_MOMENT).missing


# --- fingerprint ---------------------------------------------------------------------------------


def test_a_fingerprint_is_of_the_public_key_whichever_half_is_given():
    key = rsa.generate_private_key(65537, 1024)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    expected = "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    bare = "".join(pem(key).splitlines()[1:-1])
    for given_key in (pem(key), public, bare):
        assert text(render_s, "${fingerprint(${key})}", {"key": given_key}) == expected


@pytest.mark.parametrize("engine", [render, render_if_needed])
def test_engine_o_has_no_fingerprint(engine):
    rendered = engine("${fingerprint(${key})}", VALUES, moment=AWS_MOMENT)
    assert rendered.text == f"${{fingerprint({VALUES['key']})}}"
    assert rendered.missing


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_key_has_no_fingerprint(key):
    assert render_s("${fingerprint(${key})}", {"key": key}, moment=AWS_MOMENT).missing


# --- What a call without a result means for a choice ---------------------------------------------


@pytest.mark.parametrize("engine", [render, render_if_needed])
def test_a_call_without_a_result_does_not_win(engine):
    assert text(engine, "${ed25519Sign(m, no key)} || ${id}", VALUES) == "AKIDEXAMPLE"


# --- Values stay values --------------------------------------------------------------------------

PIECES = [
    *("${awsSigV4(", "${ed25519Sign(", "${fingerprint(", "${base64(", "${hmacSha1Hex(", ")}", "a, b, c, d", ", "),
    *("${a}", "${b}", "(", ")", " || ", "x", "\n", "${", "}"),
]
HOSTILE = [
    "${b}",
    "a || b",
    "${base64(x)}",
    ")}",
    ", ",
    "(",
    "${now}",
    "\U000f0000",
    "\ud800",
    "${awsSigV4(a, b, c, d)}",
]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
@settings(deadline=None)
@given(
    template=st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    value=st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=20)),
)
def test_what_a_value_holds_decides_nothing(engine, template, value):
    """Wherever `a` is shown as it is, it is shown whole, and `b` is never shown where only `a` stands."""
    assume(value.strip())  # an empty argument is a missing one
    plain = engine(template, {"a": "MARK"}, moment=AWS_MOMENT)
    hostile = engine(
        template, {"a": value, "b": "OTHER"} if "${b}" not in template else {"a": value}, moment=AWS_MOMENT
    )
    assert hostile.missing == plain.missing
    assert "OTHER" not in hostile.text
    if "AWS4" not in plain.text and not any(name in template for name in ("base64(", "hmacSha1Hex(", "Sign(", "aws")):
        assert hostile.text == plain.text.replace("MARK", value)
