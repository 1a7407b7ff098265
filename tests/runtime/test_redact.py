import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runtime.redact import MASK, Redactor

# The mask itself holds brackets and the word "secret"; a secret made of them proves nothing.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="[]")
secrets = st.text(characters, min_size=4, max_size=40).filter(lambda text: text not in MASK)
around = st.text(characters, max_size=12)


ENCODINGS = {
    "raw": lambda text: text,
    "quote": lambda text: quote(text, safe=""),
    "quote, path": quote,
    "quote, lower case": lambda text: "%".join(
        part[:2].lower() + part[2:] if index else part for index, part in enumerate(quote(text, safe="").split("%"))
    ),
    "quote_plus": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "quote twice": lambda text: quote(quote(text, safe=""), safe=""),
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "html": html.escape,
    "json in html": lambda text: html.escape(json.dumps(text)),
    "html, all numbers": lambda text: "".join(c if c.isascii() and c.isalnum() else f"&#x{ord(c):X};" for c in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, urlsafe": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64, no padding": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64, one before": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64, two before": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64, more behind": lambda text: base64.b64encode(text.encode() + b"z").decode(),
    "base64, in a query": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
}


def cores(text):
    """The part of each Base64 form that holds nothing but the secret."""
    octets = text.encode()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets).decode()
        core = encoded[-(-8 * before // 6) : 8 * (before + len(octets)) // 6]
        yield core
        yield core.replace("+", "-").replace("/", "_")


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@given(secret=secrets, before=around, behind=around)
def test_a_secret_is_masked_in_every_encoding(encode, secret, before, behind):
    text = Redactor([secret]).text(f"{before} {encode(secret)} {behind}")
    assert MASK in text
    assert secret not in text
    for core in cores(secret):
        assert core not in text


@given(secret=secrets, text=st.text(max_size=200))
def test_text_without_the_secret_stays_as_it_is(secret, text):
    redactor = Redactor([secret])
    once = redactor.text(text)
    if not any(encode(secret) in text for encode in ENCODINGS.values()) and MASK not in once:
        assert once == text


def test_ordinary_text_stays_as_it_is():
    text = 'GET https://acme.paligoapp.com/api/v2/documents?page=2 answered 404: {"message": "no such document"}'
    assert Redactor(["s3cr3t-key", "passw0rd!"], [("me@acme.example", "s3cr3t-key")]).text(text) == text


@pytest.mark.parametrize("key", ["k", "ab", "x:y", "é"])
def test_a_short_key_is_masked_in_the_base64_of_its_pair(key):
    encoded = base64.b64encode(f"me@acme.example:{key}".encode()).decode()
    redactor = Redactor([key], [("me@acme.example", key)])
    assert redactor.text(f"authorization: Basic {encoded}") == f"authorization: Basic {MASK}"
    assert redactor.text("an ordinary sketch with a k in it") == "an ordinary sketch with a k in it"


def test_a_basic_header_keeps_nothing_of_the_key():
    header = base64.b64encode(b"me@acme.example:s3cr3t-key-of-acme").decode()
    text = Redactor(["s3cr3t-key-of-acme"], [("me@acme.example", "s3cr3t-key-of-acme")]).text(f"Basic {header}")
    assert text == f"Basic {MASK}"


def test_a_longer_secret_that_holds_a_shorter_one_is_masked_whole():
    assert Redactor(["abcd", "abcdefgh"]).text("1 abcdefgh 2 abcd") == f"1 {MASK} 2 {MASK}"


@pytest.mark.parametrize("secret", ["".join(chr(33 + n * n % 58) for n in range(10_000)), "ab$d" * 2_000])
def test_a_very_long_secret_is_masked(secret):
    redactor = Redactor([secret])
    for name in ("raw", "quote", "json", "base64", "base64, two before", "base64, in a query"):
        assert len(redactor.text(ENCODINGS[name](secret))) < 20


def test_of_a_secret_longer_than_any_header_the_first_16384_characters_are_looked_for():
    """A hostile token of megabytes must not hold up the error that its text would stand in."""
    secret = "".join(chr(97 + n * n * (n % 7) % 26) for n in range(1_000_000))
    assert Redactor([secret]).text(f"token {secret[:16_384]} refused") == f"token {MASK} refused"


def test_a_long_secret_is_masked_where_the_text_was_cut_off():
    secret = "".join(chr(33 + n * n % 58) for n in range(1_000))
    assert len(Redactor([secret]).text(secret[:500]).replace(MASK, "")) < 100


def test_a_key_of_backslashes_does_not_hang():
    began = time.monotonic()
    for key in ("\\" * 200 + "x", '\\"' * 60, "%25" * 60, "&#38;" * 40):
        for text in ("\\" * 5000 + "y", key[:-1] * 20, '\\"' * 2000):
            Redactor([key]).text(text)
    assert time.monotonic() - began < 10


def test_data_is_masked_in_keys_and_values_and_keeps_its_shape():
    redactor = Redactor(["s3cr3t"])
    data = {"s3cr3t": ["a s3cr3t", {"n": 1, "none": None, "flag": True}], "bytes": b"s3cr3t", "pair": ("s3cr3t", 2.5)}
    assert redactor.data(data) == {
        MASK: [f"a {MASK}", {"n": 1, "none": None, "flag": True}],
        "bytes": MASK.encode(),
        "pair": [MASK, 2.5],
    }


def test_data_without_end_is_replaced():
    loop: list = []
    loop.append(loop)
    assert Redactor(["s3cr3t"]).data(loop) == "[nested too deep to show]"


def test_an_address_loses_secrets_and_user_info():
    redactor = Redactor(["s3cr3t"])
    assert redactor.url("https://me:pw@host/x?key=s3cr3t") == f"https://{MASK}@host/x?key={MASK}"
    assert redactor.url("https://host/x?mail=a@b") == "https://host/x?mail=a@b"


def test_a_redactor_shows_nothing_of_its_secrets():
    assert "s3cr3t" not in repr(Redactor(["s3cr3t"], [("me", "s3cr3t")]))


def test_without_secrets_nothing_is_masked():
    assert Redactor([]).text("anything") == "anything"
    assert Redactor(["", "abc"]).text("abc") == "abc"
