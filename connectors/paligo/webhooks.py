"""Paligo's webhook events as data: which sync they ask for, for which ids, and what counts as the same event.

Facts: the product manual (three events) and a client that handles them (a fourth, and that the same
event comes more than once within seconds). No event tells of plain edits or deletions.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors import InvalidEvent
from connectors.authoring import Event, event_key

WINDOW = 30.0  # seconds in which the same event counts once
_LARGEST = 1024 * 1024  # bytes; a real event has a few hundred
_LONGEST_NAME = 100
_ID = re.compile(r"[1-9][0-9]{0,17}\Z")
_ASSIGNMENT = re.compile(r"/assignments/([1-9][0-9]{0,17})/?\Z")

Data = Mapping[str, Any]


def parse(body: bytes, headers: Mapping[str, str]) -> list[Event]:
    """The events of one request to a webhook: Paligo sends one at a time.

    An event that is not known asks for no sync and no ids. Raises `InvalidEvent` for anything that
    is no event: too large, compressed, no JSON, without a name.
    """
    for name, value in headers.items():
        if name.lower() == "content-encoding" and value.strip().lower() not in ("", "identity"):
            raise InvalidEvent("the body is compressed; events come as plain JSON")
    received = _object(body)
    kind = received.get("event")
    if not isinstance(kind, str) or not kind or len(kind) > _LONGEST_NAME or not kind.isprintable():
        raise InvalidEvent(f'the body has no "event" with a name of at most {_LONGEST_NAME} printable characters')
    data = received.get("data")
    if data in (None, "", []):
        data = {}
    if not isinstance(data, dict):
        raise InvalidEvent('"data" is no object')
    sync, ids = _WANTED.get(kind, (None, _none))
    # Several webhooks may send the same event to one address, so the webhook's name does not count.
    return [Event(kind, sync, ids(data), event_key(kind, data), WINDOW, received)]


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > _LARGEST:
        raise InvalidEvent(f"the body has {len(body):,} bytes; an event has at most {_LARGEST:,}")
    try:
        received = json.loads(body.decode("utf-8-sig"), parse_float=_finite, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise InvalidEvent("the body is not UTF-8 text") from None
    except RecursionError:
        raise InvalidEvent("the body is nested too deep") from None
    except ValueError:
        raise InvalidEvent("the body is no JSON") from None
    if not isinstance(received, dict):
        raise InvalidEvent("the body is no JSON object")
    return received


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _none(data: Data) -> frozenset[str]:
    del data
    return frozenset()


def _resource(data: Data) -> frozenset[str]:
    """The document that the event is about."""
    value = data.get("resource_id")
    text = "" if isinstance(value, bool) else str(value) if isinstance(value, int) else value
    return frozenset({text}) if isinstance(text, str) and _ID.match(text) else frozenset()


def _assignment(data: Data) -> frozenset[str]:
    """The assignment, if its address in the API is given; only its number is used, never the address."""
    address = data.get("api")
    found = _ASSIGNMENT.search(address) if isinstance(address, str) else None
    return frozenset({found[1]}) if found else frozenset()


# What each event asks for. A published document is new among the productions, which have ids of their own.
_WANTED: Mapping[str, tuple[str, Callable[[Data], frozenset[str]]]] = {
    "PUBLISHED_EVENT": ("productions", _none),
    "STATUS_SET_TO_RELEASED_EVENT": ("documents", _resource),
    "ASSIGNMENT_CREATED_EVENT": ("assignments", _assignment),
    "ASSIGNMENT_USERSTATUS_CHANGED": ("assignments", _none),
}
