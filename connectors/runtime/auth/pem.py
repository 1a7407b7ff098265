"""Keys and certificates as people paste them: line breaks lost or escaped, markers missing."""

from __future__ import annotations

import re
import textwrap

from connectors.errors import KeyMaterialInvalid

_MARKER = re.compile(r"-----\s{0,3}(?:BEGIN|END)\s{1,3}([A-Z0-9][A-Z0-9 ]{0,60})-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_WIDTH = 64  # columns of a line; RFC 7468, section 2


def private_key(text: str) -> str:
    """A key as `tidy` makes it, under its own label or, without one, as PRIVATE KEY. Raises KeyMaterialInvalid."""
    return tidy(text, None if "-----BEGIN" in text else "PRIVATE KEY")


def tidy(text: str, label: str | None = None) -> str:
    """The PEM text (RFC 7468) that was meant, re-wrapped, with a line break at the end.

    Escaped line breaks, CRLF, lost line breaks, blanks around it and missing BEGIN and END lines are
    accepted. `label` is what the lines then say, e.g. "PRIVATE KEY"; None keeps the label of the text.
    Raises KeyMaterialInvalid for a text that is empty, is no Base64, or has no label where none is given.
    """
    plain = text.replace("\\r", "").replace("\\n", "\n")
    own = _MARKER.search(plain)
    body = re.sub(r"\s+", "", _MARKER.sub("", plain))
    label = label or (own.group(1) if own else None)
    if label is None:
        raise KeyMaterialInvalid("The key has no BEGIN and END lines, so its kind is not known.")
    if not _BASE64.match(body):
        raise KeyMaterialInvalid(f"The {label.lower()} is empty or holds characters that no PEM text has.")
    return "\n".join([f"-----BEGIN {label}-----", *textwrap.wrap(body, _WIDTH), f"-----END {label}-----", ""])
