"""Keys as people paste them."""

import base64
import re
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import KeyMaterialInvalid
from connectors.runtime.auth.pem import tidy

from .mode_world import SECRET, rsa_keys

LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "CERTIFICATE")


@pytest.mark.parametrize(
    "pasted",
    [
        lambda pem: pem,
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\\r\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.replace("\n", ""),
        lambda pem: f"\n  \t{pem}  \n",
        lambda pem: "".join(pem.splitlines()[1:-1]),
        lambda pem: "\n".join(pem.splitlines()[1:]),
    ],
    ids=["whole", "escaped", "escaped CRLF", "CRLF", "blanks", "one line", "edges", "no lines at all", "no BEGIN line"],
)
def test_a_key_in_any_shape_comes_out_as_the_key_that_it_is(pasted):
    pem, _ = rsa_keys()
    assert tidy(pasted(pem), "PRIVATE KEY") == pem
    assert load_pem_private_key(tidy(pasted(pem), "PRIVATE KEY").encode(), None)


def test_without_a_wanted_label_the_texts_own_stays():
    pem, _ = rsa_keys()
    assert tidy(pem.replace("PRIVATE", "EC PRIVATE")).startswith("-----BEGIN EC PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    "text", ["", "   ", "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----", f"{SECRET}!", "a=b"]
)
def test_a_text_that_is_no_base64_is_refused_without_being_shown(text):
    with pytest.raises(KeyMaterialInvalid) as caught:
        tidy(text, "PRIVATE KEY")
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.to_dict()}"


def test_a_text_without_lines_needs_a_label():
    with pytest.raises(KeyMaterialInvalid, match="BEGIN"):
        tidy("AAAA")


@given(st.binary(min_size=1, max_size=400), st.sampled_from(LABELS), st.randoms())
def test_whatever_is_done_to_its_blanks_the_same_octets_come_out_in_lines_of_64(octets, label, chance):
    body = base64.b64encode(octets).decode()
    breaks = ("\n", "\r\n", "\\n", "\\r\\n", " ", "\t", "")
    spread = "".join(sign + (chance.choice(breaks) if chance.random() < 0.1 else "") for sign in body)
    first, *lines, last = tidy(f" -----BEGIN {label}-----{spread}-----END {label}----- ").splitlines()
    assert (first, last) == (f"-----BEGIN {label}-----", f"-----END {label}-----")
    assert base64.b64decode("".join(lines)) == octets
    assert all(len(line) == 64 for line in lines[:-1])


@given(st.text(max_size=200), st.sampled_from((*LABELS, None)))
def test_any_other_text_is_refused_or_comes_out_as_base64(text, label):
    try:
        _, *lines, _ = tidy(text, label).splitlines()
    except KeyMaterialInvalid:
        return
    assert re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", "".join(lines))


@pytest.mark.timeout(30)  # the square of these lengths would take minutes
@pytest.mark.parametrize("piece", ["-----BEGIN" + " " * 300_000, "-----BEGIN A", "-", "\\n"])
def test_no_text_keeps_it_busy(piece):
    with suppress(KeyMaterialInvalid):
        tidy(piece * (300_000 // len(piece) or 1), "PRIVATE KEY")
