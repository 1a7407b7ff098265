"""Runs: what was read, what it took, and each request of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.engine.passes import confirm_deletes
from connectors.engine.request_log import left_out
from connectors.server.contract import Call
from connectors.server.dashboard import words
from connectors.server.dashboard.forms import Form, deed, to
from connectors.server.dashboard.showing import NUMBER, TEXT, place, show, view

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGE = 50


def runs(call: Call) -> Response:
    """The newest first: all, those in a state, or those of a connection."""
    query = call.query
    given: dict[str, Any] = {"before": query["before"]} if "before" in query else {}
    stored = None
    if query.get("connection") and query.get("integration"):
        stored = call.connection(query["connection"], query["integration"])
        given["connection"] = stored.key
        if query.get("sync"):
            given["sync"] = (query["sync"], query.get("variant") or "base")
    elif "state" in query:
        given["state"] = query["state"]
    rows = call.host.store.browsing.runs(call.environment, limit=_PAGE + 1, **given)
    return show(
        call,
        "runs.html",
        section="runs",
        rows=rows[:_PAGE],
        more=rows[_PAGE - 1]["number"] if len(rows) > _PAGE else None,
        first="before" not in query,
        stored=stored,
        live=any(row["state"] in words.UNDER_WAY for row in rows[:_PAGE]),
    )


def run(call: Call, problem: str | None = None) -> Response:
    """One run."""
    number = int(call.path["run"])
    row = call.host.store.runs.get(call.environment, number)
    rejects = call.host.store.browsing.rejects_of_run(call.environment, number) if row["rejected"] else []
    requests = call.host.requests.of_run(call.environment, number)
    return show(
        call,
        "run.html",
        section="runs",
        run=row,
        of=place(call, "connections", row["integration"], row["connection"]),
        live=row["state"] in words.UNDER_WAY,
        rejects=rejects,
        requests=requests,
        missing=left_out(requests),
        problem=problem,
    )


def confirm(call: Call, form: Form) -> Response:
    """Do the deletions that a run held back."""
    del form
    confirm_deletes(call.host, call.environment, int(call.path["run"]))
    return to(place(call, "runs", call.path["run"], done="confirmed"))


ENDPOINTS = (
    view(
        "/runs",
        runs,
        "Runs.",
        scopes=("syncs:read",),
        query={
            "state": {"enum": ["running", "success", "failed", "interrupted", "needs_confirmation", "waiting"]},
            "connection": TEXT,
            "integration": TEXT,
            "sync": TEXT,
            "variant": TEXT,
            "before": NUMBER,
        },
    ),
    view("/runs/{run}", run, "A run.", scopes=("syncs:read",)),
    deed("/runs/{run}/confirm", confirm, "Do the deletions held back.", scopes=("syncs:write",), again=run),
)
