"""Syncs: when they run, and the commands over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.engine.sync_names import SyncName
from connectors.server.contract import Call
from connectors.server.dashboard import words
from connectors.server.dashboard.connections import connection, found
from connectors.server.dashboard.forms import Form, deed, to
from connectors.server.dashboard.showing import NUMBER, place, show, view

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGE = 50


def syncs(call: Call) -> Response:
    """All syncs of all connections."""
    which, before = call.query.get("show"), call.query.get("before")
    given = {} if before is None else {"before": before}
    rows = call.host.store.browsing.syncs(call.environment, which=which, limit=_PAGE + 1, **given)
    return show(
        call,
        "syncs.html",
        section="syncs",
        rows=rows[:_PAGE],
        more=rows[_PAGE - 1]["key"] if len(rows) > _PAGE else None,
        first=before is None,
        which=which,
        live=any(map(words.is_under_way, rows)),
    )


def trigger(call: Call, form: Form) -> Response:
    """Ask for a run now; with `reset`, for one that starts over."""
    stored, schedules = found(call), call.host.schedules
    reset = form["reset"]
    schedules.trigger(
        call.environment,
        stored.integration,
        _named(form),
        stored.id,
        reset=bool(reset),
        empty_cache=reset == "empty",
    )
    return _back(call, "reset" if reset else "triggered")


def pause(call: Call, form: Form) -> Response:
    """Switch off."""
    stored = found(call)
    call.host.schedules.pause(call.environment, stored.integration, _named(form), stored.id)
    return _back(call, "paused")


def start(call: Call, form: Form) -> Response:
    """Switch on."""
    stored = found(call)
    call.host.schedules.start(call.environment, stored.integration, _named(form), stored.id)
    return _back(call, "started")


def set_frequency(call: Call, form: Form) -> Response:
    """Run more often, or less; an empty field means as declared."""
    stored = found(call)
    (sync,) = _named(form)
    call.host.schedules.set_frequency(call.environment, stored.integration, stored.id, sync, form["frequency"] or None)
    return _back(call, "frequency")


def _named(form: Form) -> list[SyncName]:
    return [SyncName(form["sync"], form["variant"] or "base")]


def _back(call: Call, done: str) -> Response:
    return to(place(call, "connections", call.path["integration"], call.path["connection"], done=done))


_OF = "/connections/{integration}/{connection}"
_WRITE = ("syncs:write",)

ENDPOINTS = (
    view(
        "/syncs",
        syncs,
        "Syncs.",
        scopes=("syncs:read",),
        query={"show": {"enum": ["failing", "paused"]}, "before": NUMBER},
    ),
    deed(f"{_OF}/trigger", trigger, "Ask for a run.", scopes=_WRITE, again=connection),
    deed(f"{_OF}/pause", pause, "Switch a sync off.", scopes=_WRITE, again=connection),
    deed(f"{_OF}/start", start, "Switch a sync on.", scopes=_WRITE, again=connection),
    deed(f"{_OF}/frequency", set_frequency, "How often a sync runs.", scopes=_WRITE, again=connection),
)
