"""How texts are written into URLs, forms and JSON bodies of token requests, octet for octet as JavaScript does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from connectors.runtime.address import form
from connectors.runtime.body import json_text

_UNRESERVED = "-_.!~*'()"  # besides letters and digits; ECMA-262, encodeURIComponent


def component(text: str) -> str:
    """Percent-encoded as UTF-8, with what encodeURIComponent leaves bare; half a surrogate pair becomes U+FFFD."""
    return quote(_whole(text), safe=_UNRESERVED)


def form_plus(pairs: Iterable[tuple[str, str]]) -> bytes:
    """A form body as the URL Standard writes it: a blank is `+`."""
    return form([(_whole(name), _whole(value)) for name, value in pairs]).encode("ascii")


def form_percent(pairs: Iterable[tuple[str, str]]) -> bytes:
    """A form body in which a blank is `%20`, and all else as in `form_plus`."""
    return form_plus(pairs).replace(b"+", b"%20")


def json_bytes(value: Any) -> bytes:
    """Compact JSON in the given order of keys, UTF-8. Raises InputError for what JSON cannot hold."""
    return _whole(json_text(value)).encode("utf-8")


def _whole(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
