"""Reads what a token service of AWS, or one like it, answers: XML or JSON, names in any of the usual spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.runtime.auth.dates import expiration, iso
from connectors.runtime.auth.xml_text import NotXml
from connectors.runtime.auth.xml_text import read as read_xml
from connectors.runtime.scalars import text_of

_WRAPPERS = ("assumeroleresponse", "assumeroleresult", "credentials")  # around what is looked for; each may be missing
_CALLER = ("getcalleridentityresponse", "getcalleridentityresult")
_SECONDS = 1e12  # a smaller number is Unix time in seconds, a greater one in milliseconds


def read(text: str) -> dict[str, Any]:
    """The answer as a tree; empty if it is neither JSON nor XML. An XML with a DOCTYPE is not read."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            return read_xml(text)
        except NotXml:
            return {}
    return value if isinstance(value, dict) else {}


def keys_of(answer: Mapping[str, Any], now: datetime) -> dict[str, str] | None:
    """The keys, as they are stored; None if one of them, or the moment when they end, is missing."""
    found = _within(answer, _WRAPPERS)
    ends = _moment(found.get("expiresat") or found.get("expiration"), now)
    texts = [_text(found.get(name)) for name in ("accesskeyid", "secretaccesskey", "sessiontoken")]
    if ends is None or not all(texts):
        return None
    key_id, secret, token = texts
    return {"access_key_id": key_id, "secret_access_key": secret, "session_token": token, "expires_at": iso(ends)}


def arn_of(answer: Mapping[str, Any]) -> str | None:
    """Whose the credentials are, out of the answer to GetCallerIdentity."""
    return _text(_within(answer, _CALLER).get("arn")) or None


def _within(answer: Mapping[str, Any], wrappers: tuple[str, ...]) -> dict[str, Any]:
    inner = dict(_plainly(answer))
    for name in wrappers:
        if isinstance(inner.get(name), Mapping):
            inner = dict(_plainly(inner[name]))
    return inner


def _plainly(mapping: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries, their names in lower case and without underscores."""
    return ((name.replace("_", "").lower(), value) for name, value in mapping.items())


def _text(value: Any) -> str:
    return text_of(value) if isinstance(value, str | int | float) else ""


def _moment(value: Any, now: datetime) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < _SECONDS:
        value = value * 1000
    return expiration(value, now)
