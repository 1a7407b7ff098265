"""Webhooks to the customer: which were sent, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.engine.store.browsing import NEWEST, Since
from connectors.runtime.canonical import loads
from connectors.server.contract import UUID, Call, Refusal
from connectors.server.dashboard import words
from connectors.server.dashboard.showing import TEXT, show, view

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGE = 50


def deliveries(call: Call) -> Response:
    """The newest first; with `id`, one with what it says."""
    query = call.query
    if "id" in query:
        return _delivery(call, query["id"])
    since = Since(query["at"], query["before"]) if "at" in query and "before" in query else NEWEST
    rows = call.host.store.browsing.deliveries(call.environment, state=query.get("state"), since=since, limit=_PAGE + 1)
    return show(
        call,
        "deliveries.html",
        section="webhooks",
        rows=rows[:_PAGE],
        more=rows[_PAGE - 1] if len(rows) > _PAGE else None,
        first=since == NEWEST,
        target=call.host.outgoing.target(call.environment),
    )


def _delivery(call: Call, id: str) -> Response:
    row = call.host.store.browsing.delivery(call.environment, id.lower())
    if row is None:
        raise Refusal(404, "not_found", "There is no such webhook.")
    try:
        body = words.pretty(loads(row["body"]))
    except ValueError:
        body = row["body"]
    return show(call, "delivery.html", section="webhooks", row=row, body=body)


ENDPOINTS = (
    view(
        "/webhooks",
        deliveries,
        "Webhooks to the customer.",
        scopes=("syncs:read",),
        query={
            "state": {"enum": ["waiting", "delivered", "failed"]},
            "id": UUID,
            "at": {"type": "number"},
            "before": TEXT,
        },
    ),
)
