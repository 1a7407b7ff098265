"""Records: read by cursor, time, kind and id; emptied when they were read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from connectors.engine import record_pages
from connectors.engine.store.reading import KINDS
from connectors.errors import BrokenCursor, UnknownConnection
from connectors.runtime.canonical import dumps
from connectors.server.contract import MODEL, Answer, Call, Endpoint, Reply, Schema, fields
from connectors.server.routes.named import OF_CONNECTION, VARIANT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connectors.engine.store.connections import StoredConnection

_PIECE = 100  # records that are read and written at a time
_CURSOR: Schema = {"type": "string", "minLength": 1, "maxLength": 1000}
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?Z")
_TIME: Schema = {
    "type": "string",
    "pattern": r"^(19[7-9][0-9]|20[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?Z$",
    "description": "Inclusive; a date and time of UTC, ending in Z.",
}
_KIND = "[aA][dD][dD][eE][dD]|[uU][pP][dD][aA][tT][eE][dD]|[dD][eE][lL][eE][tT][eE][dD]"
_RECORD: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "_nango_metadata": fields(
            {
                "first_seen_at": {"type": "string"},
                "last_modified_at": {"type": "string"},
                "last_action": {"enum": ["ADDED", "UPDATED", "DELETED"]},
                "deleted_at": {"type": ["string", "null"]},
                "pruned_at": {"type": ["string", "null"]},
                "cursor": {"type": "string"},
            },
            required=["first_seen_at", "last_modified_at", "last_action", "deleted_at", "pruned_at", "cursor"],
        ),
    },
    "required": ["id", "_nango_metadata"],
}


async def list_records(call: Call) -> Response:
    """The records of a model, oldest change first; a large page is written while it is read."""
    pieces = _pieces(call)
    first = await call.thread("store", next, pieces)
    second = await call.thread("store", next, pieces, b"")
    if not second:
        return Response(first, media_type="application/json")

    async def rest() -> AsyncIterator[bytes]:
        yield first
        piece = second
        while piece:
            yield piece
            piece = await call.thread("store", next, pieces, b"")

    return StreamingResponse(rest(), media_type="application/json")


def prune_records(call: Call) -> Answer:
    """Empty the payloads up to a cursor."""
    pruned = record_pages.prune(
        call.host,
        _stored(call),
        call.body["model"],
        until=call.body["until_cursor"],
        variant=call.body.get("variant", "base"),
        limit=call.body.get("limit", 1000),
    )
    return Answer({"count": pruned.count, "has_more": pruned.has_more})


def _stored(call: Call) -> StoredConnection:
    headers = call.headers
    return call.host.connections.get(call.environment, headers["connection-id"], headers["provider-config-key"])


def _pieces(call: Call) -> Iterator[bytes]:
    """The answer's text, some records at a time."""
    stored, query = _stored(call), call.query
    cursor, left = query.get("cursor"), query.get("limit", 100)
    asked = query.get("modified_after") or query.get("delta")
    given: dict[str, Any] = {
        "variant": query.get("variant", "base"),
        "modified_after": None if asked is None else _seconds(asked),
        "kinds": frozenset(query["filter"].lower().split(",")) if "filter" in query else KINDS,
        "ids": query.get("ids"),
    }
    text = '{"records":['
    while True:
        page = record_pages.read_page(
            call.host, stored, query["model"], cursor=cursor, limit=min(left, _PIECE), **given
        )
        left -= len(page.texts)
        text += ",".join(page.texts)
        cursor = page.next_cursor
        if cursor is None or left <= 0:
            break
        yield text.encode()
        text = ","
    yield f'{text}],"next_cursor":{dumps(cursor)}}}'.encode()


def _seconds(text: str) -> float:
    """Unix seconds of a time that keeps the schema's pattern; the 30th of February is the 2nd of March."""
    found = _DATE.fullmatch(text)
    assert found is not None  # the schema has seen to it
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    whole = datetime(year, month, 1, hour, minute, second, tzinfo=UTC) + timedelta(days=day - 1)
    return whole.timestamp() + float(found[7] or 0)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/records",
        list_records,
        "The records of a model in the order of their last change; follow next_cursor until it is null.",
        scopes=("records:read",),
        headers=OF_CONNECTION,
        query=fields(
            {
                "model": MODEL,
                "variant": VARIANT,
                "limit": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100},
                "cursor": _CURSOR,
                "modified_after": _TIME,
                "delta": {**_TIME, "deprecated": True, "description": "The old name of modified_after."},
                "filter": {
                    "type": "string",
                    "pattern": f"^({_KIND})(,({_KIND}))*$",
                    "description": "Last actions that are wanted: added, updated, deleted, with commas in between.",
                },
                "ids": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 256},
                    "maxItems": 100,
                },
            },
            required=["model"],
        ),
        answers={
            200: Reply(
                "Records.",
                fields(
                    {"records": {"type": "array", "items": _RECORD}, "next_cursor": {"type": ["string", "null"]}},
                    required=["records", "next_cursor"],
                ),
            )
        },
        errors={UnknownConnection: (400, "unknown_connection"), BrokenCursor: (400, "broken_cursor")},
        tag="Records",
    ),
    Endpoint(
        "PATCH",
        "/records/prune",
        prune_records,
        "Empty the payloads of records up to and including a cursor; their ids, history and cursors stay.",
        scopes=("records:write",),
        headers=OF_CONNECTION,
        body=fields(
            {
                "model": MODEL,
                "until_cursor": _CURSOR,
                "limit": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1000},
                "variant": VARIANT,
            },
            required=["model", "until_cursor"],
        ),
        answers={
            200: Reply(
                "How many were emptied, and whether some are left.",
                fields({"count": {"type": "integer"}, "has_more": {"type": "boolean"}}, required=["count", "has_more"]),
            )
        },
        errors={UnknownConnection: (400, "unknown_connection"), BrokenCursor: (400, "broken_cursor")},
        tag="Records",
    ),
)
