import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runtime.excerpt import LONGEST, READ, excerpt, is_html
from connectors.runtime.redact import Redactor

TEXT = st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=400)
SECRET = st.text(st.sampled_from("abcXYZ0189+/=&%$!-_:;#"), min_size=8, max_size=40)
FORMS = {
    "plain": lambda secret: secret,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "quoted": lambda secret: quote(secret, safe=""),
    "json": json.dumps,
    "entities": html.escape,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("page", [True, False])
@given(before=TEXT, secret=SECRET, after=TEXT)
def test_no_excerpt_holds_a_secret_and_none_is_long(form, page, before, secret, after):
    text = f"{before} {FORMS[form](secret)} {after}"
    if page:
        text = f"<html><title>{text}</title><p>{text}"
    found = excerpt(text.encode(), "text/html" if page else None, Redactor([secret])) or ""
    assert secret not in found
    assert len(found) <= LONGEST


def test_a_secret_at_the_cut_is_not_left_half():
    secret = "s" * 10 + "3" * 40
    text = "x" * (LONGEST - 20) + secret
    assert "s33" not in (excerpt(text.encode(), None, Redactor([secret])) or "")


def test_a_secret_where_reading_ends_is_not_left_half():
    secret = "s" * 10 + "3" * 40
    assert "sss" not in (excerpt((" " * (READ - 20) + secret).encode(), None, Redactor([secret])) or "")


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"<!DOCTYPE HTML><p>", None, True),
        (b"\n  <html lang='en'>", "application/json", True),
        (b"<p>Hi</p>", "text/html; charset=utf-8", True),
        (b'{"a": 1}', "text/html", False),
        (b"<?xml version='1.0'?><a/>", "application/xml", False),
        (b"", "text/html", False),
        (b"plain", "text/plain", False),
    ],
)
def test_a_web_page_is_told_by_what_it_is(content, content_type, expected):
    assert is_html(content, content_type) is expected
