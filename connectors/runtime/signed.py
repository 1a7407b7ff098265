"""What a definition's header templates can say about the request itself, for signatures. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from connectors.runtime.address import Address, parse_form
from connectors.runtime.body import Body
from connectors.runtime.scalars import text_of
from connectors.runtime.template import functions, placeholders

# ASCII in the order of the Unicode Collation Algorithm's root table (CLDR), which is not that of the code points.
_PUNCTUATION = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_SIGNED_BY_AWS = frozenset(
    {"bodyCanonicalParams", "contentType", "endpoint", "host", "method", "params", "path", "urlCanonicalParams"}
)
_METHODS_SIGNED_BY_BODY = frozenset({"POST", "PUT", "PATCH"})


def request_variables(
    templates: Iterable[str], method: str, endpoint: str, address: Address, body: Body, content_type: str
) -> dict[str, Any]:
    """What templates name of method, endpoint, host, path, params, contentType, url- and bodyCanonicalParams.

    Most templates name none, and a body is written out for a signature only where there is one;
    awsSigV4 looks at all of them.
    """
    named: set[str] = set()
    for template in templates:
        named |= _SIGNED_BY_AWS if "awsSigV4" in functions(template) else set(placeholders(template))
    by_body = method in _METHODS_SIGNED_BY_BODY

    def in_query() -> str:
        return canonical(parse_form(address.query or ""))

    values: dict[str, Callable[[], str]] = {
        "method": lambda: method,
        "endpoint": lambda: endpoint,
        "host": lambda: address.netloc,
        "path": lambda: address.path,
        "params": lambda: canonical(_pairs(body.value)) if by_body else in_query(),
        "urlCanonicalParams": in_query,
        "bodyCanonicalParams": lambda: body.text if by_body else "",
        "contentType": lambda: content_type,
    }
    return {name: value() for name, value in values.items() if name in named}


def canonical(pairs: list[tuple[str, str]]) -> str:
    """Pairs sorted by name as a dictionary sorts words, percent-encoded per RFC 3986."""
    ordered = sorted(pairs, key=lambda pair: _dictionary_order(pair[0]))
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in ordered)


def _quoted(text: str) -> str:
    return quote(text, safe="~", errors="replace")


def _pairs(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return parse_form(value.removeprefix("?"))
    if isinstance(value, Mapping):
        return [(str(name), text_of(item)) for name, item in value.items()]
    return []


def _dictionary_order(text: str) -> tuple[list[tuple[int, int, str]], str, list[bool]]:
    """Punctuation, digits, letters; accents matter only between equal letters, then lower before upper case."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return [_primary(c) for c in plain], text.casefold(), [c.isupper() for c in text]


def _primary(character: str) -> tuple[int, int, str]:
    if character.isalpha():
        return 2, 0, character.casefold()
    return (1, 0, character) if character.isdigit() else (0, _PUNCTUATION.find(character), character)
