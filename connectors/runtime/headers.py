"""The headers of a request: the credential's own, the definition's, the caller's, and what is missing then. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from connectors.errors import InputError
from connectors.runtime.auth.places import Outline, default_headers, last_headers
from connectors.runtime.body import Body, is_multipart
from connectors.runtime.connection import Connection
from connectors.runtime.placing import header_variables, without_missing
from connectors.runtime.template import render_if_needed
from connectors.runtime.url import unresolved

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110 §5.6.2
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ALWAYS_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_TRANSPORTS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "expect"})
_SOUNDS_SECRET = re.compile(r"auth|token|secret|key|passw|cookie|signature|credential|session")


def _user_agent() -> str:
    try:
        return f"connectors/{version('connectors')}"
    except PackageNotFoundError:
        return "connectors"


DEFAULTS: Mapping[str, str] = {
    "accept": "application/json, text/plain, */*",
    "accept-encoding": "gzip, deflate",
    "user-agent": _user_agent(),
}


@dataclass(frozen=True)
class Headers:
    """Headers by lower-case name."""

    values: Mapping[str, str]
    credentials: frozenset[str]  # names of those that carry a credential or may do so


def caller_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """The caller's headers with lower-case names; of two that differ only in case the later one wins.

    Raises InputError for a name or value that a header cannot carry. The message holds no value.
    Headers that belong to the connection itself (Host, Content-Length, …) are left out: they would
    send the request to another site on the same machine, or cut it in two.
    """
    if not isinstance(headers, Mapping):
        raise InputError("Headers are a mapping from names to values.")
    checked: dict[str, str] = {}
    for name, value in headers.items():
        if value is not None and str(name).lower() not in _TRANSPORTS:
            _check(str(name), str(value))
            checked[str(name).lower()] = str(value)
    return checked


def headers_of(
    connection: Connection, given: Mapping[str, str], request: Mapping[str, Any], outline: Outline, body: Body
) -> Headers:
    """All headers but those that the body decides. `given` is what `caller_headers` returned.

    `request` are the variables that templates can name beside the connection's. The caller's
    headers win over the definition's, except for a user agent that the definition sets; a signature
    over all headers comes last. Raises UnresolvedPlaceholder for a header that would go out
    half-built, InputError for a value that a header cannot carry, and as `default_headers`.
    """
    own = default_headers(connection, outline) if "authorization" not in given else {}
    for name, value in own.items():
        _check(name, value)
    credentials = set(own)
    for name, template in connection.headers.items():
        overridden = name.lower() in given and name.lower() != "user-agent"
        rendered = None if overridden else _rendered(connection, name, template, request, outline)
        if rendered is None:
            continue
        _check(name, rendered)
        own[name.lower()] = rendered
        credentials |= {name.lower()} if "${" in template else set()
    merged = {**own, **given}
    if "user-agent" in own:
        merged["user-agent"] = own["user-agent"]
    credentials |= {name for name, value in given.items() if _may_be_credential(connection, name, value)}
    multipart = is_multipart(body, merged.get("content-type"))
    last = last_headers(connection, outline, merged, body, multipart=multipart)
    for name, value in last.items():
        _check(name, value)
    credentials |= last.keys()
    return Headers({**DEFAULTS, **merged, **last}, frozenset(credentials & {*merged, *last}))


def _rendered(
    connection: Connection, name: str, template: str, request: Mapping[str, Any], outline: Outline
) -> str | None:
    """The header's value; None if it names the connection's config and is empty or has no value."""
    variables = header_variables(connection, template, request)
    if "connectionConfig" in template:
        return without_missing(connection, template, variables, outline.moment, f"header {name}") or None
    rendered = render_if_needed(template, variables, moment=outline.moment)
    if rendered.missing:
        raise unresolved(connection, rendered.missing, f"header {name}")
    return rendered.text


def _may_be_credential(connection: Connection, name: str, value: str) -> bool:
    if name in _ALWAYS_CREDENTIALS or _SOUNDS_SECRET.search(name):
        return True
    return connection.redactor.text(value) != value


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(f"{name[:60]!r} is no header name.", next_step="Use letters, digits and hyphens.")
    if _FORBIDDEN.search(value):
        raise InputError(
            f"The value of the header {name} holds a line break or another control character.",
            next_step="Remove it; it often comes along when a key is copied.",
        )
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise InputError(
            f"The value of the header {name} holds a character that a header cannot carry.",
            next_step="Check the value; keys and tokens are plain ASCII text.",
        ) from None
