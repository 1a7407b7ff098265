"""The environment itself: its keys, where its webhooks go, and where providers send theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.engine.environments import SCOPES, MadeKey
from connectors.engine.outgoing import SWITCHES
from connectors.errors import InputError
from connectors.server.contract import Call
from connectors.server.dashboard.audit import only_whole
from connectors.server.dashboard.forms import Form, deed, to
from connectors.server.dashboard.showing import place, show, view
from connectors.server.public import public_url

if TYPE_CHECKING:
    from starlette.responses import Response

_SAID = {
    "auth_creation": "An account was connected",
    "auth_refresh_error": "Credentials could not be renewed",
    "sync_error": "A sync failed",
    "sync_completion_always": "A sync found nothing new",
    "async_action": "An action that nobody waited for has ended",
}


def environment(call: Call, problem: str | None = None, made: MadeKey | None = None) -> Response:
    """What belongs to the environment as a whole."""
    only_whole(call)
    host, browser = call.host, call.browser
    assert browser is not None
    known = next((each for each in host.environments.list() if each.name == call.environment), None)
    signed_in = browser.at(call.environment)
    return show(
        call,
        "environment.html",
        section="environment",
        keys=host.environments.keys(call.environment),
        mine=None if signed_in is None else signed_in.key,
        made=made,
        scopes=SCOPES,
        stored=host.store.deliveries.target(call.environment),
        target=host.outgoing.target(call.environment),
        switches={name: _SAID[name] for name in SWITCHES},
        incoming=None if known is None or known.id is None else f"{public_url(host)}/webhook/{known.id}/",
        url=public_url(host),
        problem=problem,
    )


def add_key(call: Call, form: Form) -> Response:
    """One more secret key, shown this once."""
    only_whole(call)
    scopes = [scope for scope in SCOPES if f"scope.{scope}" in form]
    made = call.host.environments.add_key(call.environment, name=form["name"], scopes=scopes)
    return environment(call, made=made)


def revoke_key(call: Call, form: Form) -> Response:
    """Refuse a key from now on."""
    only_whole(call)
    browser = call.browser
    signed_in = None if browser is None else browser.at(call.environment)
    if signed_in is not None and signed_in.key == form["key"]:
        raise InputError("you are signed in with this key; sign in with another one to revoke it")
    call.host.environments.revoke(call.environment, form["key"])
    return to(place(call, "environment", done="revoked"))


def save_targets(call: Call, form: Form) -> Response:
    """Where the webhooks to the customer go, and which of them."""
    only_whole(call)
    off = [name for name in SWITCHES if f"send.{name}" not in form]
    call.host.outgoing.set_target(call.environment, url=form["url"], second_url=form["second_url"], switched_off=off)
    return to(place(call, "environment", done="targets"))


ENDPOINTS = (
    view("/environment", environment, "The environment."),
    deed("/environment/keys", add_key, "Make a key.", scopes=(), again=environment),
    deed("/environment/revoke", revoke_key, "Revoke a key.", scopes=(), again=environment),
    deed("/environment/webhooks", save_targets, "Where webhooks go.", scopes=(), again=environment),
)
