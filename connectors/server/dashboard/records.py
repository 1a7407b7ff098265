"""The records browser: models of a connection, pages of records, one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.engine.sync_names import BASE
from connectors.server.contract import Call, Refusal
from connectors.server.dashboard.connections import found, shown
from connectors.server.dashboard.showing import NUMBER, view

if TYPE_CHECKING:
    from starlette.responses import Response

    from connectors.engine.store.connections import StoredConnection

_PAGE = 25
_TITLES = ("name", "title", "display_name", "subject", "label", "username", "email", "filename")
_LONGEST_TITLE = 120


def models(call: Call) -> Response:
    """What a connection holds."""
    stored = found(call)
    held = call.host.store.browsing.models(call.environment, stored.key)
    there = {row["model"] for row in held}
    missing = [sync for sync in call.host.registry.syncs(stored.provider) if sync.model not in there]
    return shown(call, "models.html", stored, tab="records", held=held, missing=missing)


def records(call: Call) -> Response:
    """A page of records, or one of them."""
    stored, query = found(call), call.query
    variant = query.get("variant") or BASE
    stream = call.host.store.browsing.stream(call.environment, stored.key, call.path["model"], variant)
    if stream is None:
        raise Refusal(404, "not_found", "This connection holds no records of that model.")
    values = {"model": call.path["model"], "variant": variant}
    if "record" in query:
        return _record(call, stored, stream, query["record"], values)
    rows, more = _page(call, stream)
    listed = [{**row, "title": _title(row), "action": action_of(row)} for row in rows]
    values |= {"rows": listed, "more": more, "first": not {"before", "after"} & query.keys()}
    return shown(call, "records.html", stored, tab="records", **values)


def action_of(row: Mapping[str, Any]) -> str:
    """What the newest change of a record was: added, updated or deleted."""
    if row["deleted_at"] is not None:
        return "deleted"
    return "added" if row["first_change"] == row["change"] else "updated"


def _page(call: Call, stream: int) -> tuple[list[dict[str, Any]], Mapping[str, Any] | None]:
    """The rows, and what the next page is asked for by."""
    query, browsing = call.query, call.host.store.browsing
    which = query.get("show")
    if which == "rejected":
        rows = browsing.rejects(stream, after=query.get("after", ""), limit=_PAGE + 1)
        rows = [{**row, "data": {}, "deleted_at": None, "first_change": 0, "change": 0} for row in rows]
        by = "after"
    elif query.get("id"):
        rows = browsing.records_called(stream, query["id"], after=query.get("after", ""), limit=_PAGE + 1)
        by = "after"
    else:
        before = {"before": query["before"]} if "before" in query else {}
        rows = browsing.records(stream, deleted=which == "deleted", limit=_PAGE + 1, **before)
        by = "before"
    if len(rows) <= _PAGE:
        return rows, None
    last = rows[_PAGE - 1]
    return rows[:_PAGE], {by: last["id"] if by == "after" else last["change"]}


def _record(call: Call, stored: StoredConnection, stream: int, id: str, values: Mapping[str, Any]) -> Response:
    row = call.host.store.browsing.record(stream, id)
    if row is None:
        raise Refusal(404, "not_found", "There is no such record.")
    row |= {"title": _title(row), "action": action_of(row)}
    return shown(call, "record.html", stored, tab="records", row=row, **values)


def _title(row: Mapping[str, Any]) -> str:
    """What a record calls itself, if it does."""
    data = row["data"] if isinstance(row["data"], dict) else {}
    for name in _TITLES:
        if isinstance(data.get(name), str) and data[name].strip():
            return str(data[name])[:_LONGEST_TITLE]
    return ""


_OF = "/connections/{integration}/{connection}/records"
_SCOPES = ("records:read",)
_ID = {"type": "string", "maxLength": 1000}

ENDPOINTS = (
    view(_OF, models, "The models of a connection.", scopes=_SCOPES),
    view(
        f"{_OF}/{{model}}",
        records,
        "Records.",
        scopes=_SCOPES,
        query={
            "variant": _ID,
            "show": {"enum": ["deleted", "rejected"]},
            "id": _ID,
            "record": _ID,
            "before": NUMBER,
            "after": _ID,
        },
    ),
)
