"""An environment at a glance: how much there is, what asks for attention, what ran last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.server.contract import Call
from connectors.server.dashboard.showing import show, view

if TYPE_CHECKING:
    from starlette.responses import Response

_FEW = 6


def overview(call: Call) -> Response:
    """The first page."""
    rows, environment = call.host.store.browsing, call.environment
    counts = rows.counts(environment, now=call.host.clock.now())
    runs = rows.runs(environment, limit=8)
    return show(
        call,
        "overview.html",
        section="overview",
        counts=counts,
        live=counts["running"] > 0,
        runs=runs,
        held=rows.runs(environment, state="needs_confirmation", limit=_FEW) if counts["held"] else [],
        failing=rows.syncs(environment, which="failing", limit=_FEW) if counts["failing"] else [],
        troubled=rows.connections(environment, in_trouble=True, limit=_FEW) if counts["troubled"] else [],
        undelivered=rows.deliveries(environment, state="failed", limit=3) if counts["undelivered"] else [],
    )


ENDPOINTS = (view("", overview, "An environment at a glance.", scopes=("connections:read",)),)
