"""The start of an answer's body, fit for a message: short, plain, without secrets."""

from __future__ import annotations

import html
import re

from connectors.runtime.redact import Redactor

LONGEST = 300  # characters of an excerpt
READ = 16 * 1024  # characters looked at; secrets are masked in twice as much, so that one at the cut is seen whole
_MOST_CONTROLS = 0.1  # share of control characters from which on a body is not text
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffd]")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_NOT_SHOWN = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)


def excerpt(content: bytes, content_type: str | None, redactor: Redactor) -> str | None:
    """At most 300 characters of the body, redacted; of a web page its title and visible text.

    None if the body is empty or not text.
    """
    text = redactor.text(content[: 2 * READ].decode("utf-8", "replace"))[:READ]
    if not text.strip() or len(_CONTROLS.findall(text)) > _MOST_CONTROLS * len(text):
        return None
    if is_html(content, content_type):
        title = _TITLE.search(text)
        body = _NOT_SHOWN.sub(" ", text)
        parts = [title.group(1) if title else "", body]
        text = redactor.text(html.unescape(": ".join(part for part in map(_plain, parts) if part)))
    plain = redactor.text(_plain(_CONTROLS.sub("", text)))  # what stood apart may stand together now
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def is_html(content: bytes, content_type: str | None) -> bool:
    """Whether a body is a web page: by its start, or because it says so and holds no JSON."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return True
    return "text/html" in (content_type or "").lower() and start.startswith(b"<")


def _plain(text: str) -> str:
    return " ".join(text.split())
