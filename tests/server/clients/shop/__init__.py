"""A connector whose provider is a stand-in on this machine; the journeys of the clients run its functions."""

from __future__ import annotations

import time

from connectors import ActionError, Connector
from connectors.authoring import Checkpoint, action, sync


@sync("Thing", every="1h", deletes="absent", auto_start=False, endpoint="GET /shop/things")
def things(run):
    """Every thing, page by page."""
    page = 1
    while page is not None:
        answer = run.get("/things", params={"page": page}).json()
        yield from answer["things"]
        page = answer["next"]


@sync("Event", every="30m")
def events(run):
    """What happened since the last run; starts by itself."""
    after = (run.checkpoint or {"after": 0})["after"]
    for event in run.get("/events", params={"after": after}).json():
        yield event
        yield Checkpoint({"after": event["id"]})


@action("double", endpoint="POST /shop/double")
def double(call, given):
    """Twice the number."""
    time.sleep(given.get("seconds", 0))
    return {"twice": given["number"] * 2}


@action("order")
def order(call, given):
    """Order a thing at the provider."""
    return call.post("/orders", data=dict(given)).json()


@action("refuse")
def refuse(call, given):
    """Never works."""
    raise ActionError("not today", next_step="Come tomorrow.")


@action("stumble")
def stumble(call, given):
    """Has a fault."""
    return {}["missing"]


@action("lost")
def lost(call, given):
    """Asks for what is not there."""
    return call.get("/missing").json()


connector = Connector(functions=(things, events, double, order, refuse, stumble, lost))
