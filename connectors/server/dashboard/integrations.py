"""Integrations: what accounts can be connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.errors import ConnectorError, InputError
from connectors.runtime.canonical import loads
from connectors.server.contract import Call
from connectors.server.dashboard.forms import Form, deed, to
from connectors.server.dashboard.showing import place, show, view
from connectors.server.public import public_url

if TYPE_CHECKING:
    from starlette.responses import Response


def integrations(call: Call, problem: str | None = None) -> Response:
    """All of them, and a form for one more."""
    host = call.host
    items = [_item(call, stored) for stored in host.integrations.list(call.environment)]
    return show(call, "integrations.html", section="integrations", items=items, names=_names(call), problem=problem)


def integration(call: Call, problem: str | None = None) -> Response:
    """One of them."""
    stored = call.host.integrations.get(call.environment, call.path["integration"])
    provider = stored.provider
    registry = call.host.registry
    listed = call.host.integrations.list(call.environment)
    counted = next((each.connections for each in listed if each.unique_key == stored.unique_key), None)
    return show(
        call,
        "integration.html",
        section="integrations",
        item=_item(call, stored),
        stored=stored,
        counted=counted or 0,
        callback=f"{public_url(call.host)}/oauth/callback",
        syncs=registry.syncs(provider),
        actions=registry.actions(provider),
        events=registry.events(provider) is not None,
        problem=problem,
    )


def add(call: Call, form: Form) -> Response:
    """One more."""
    provider = form["provider"]
    key = form["key"] or provider
    given: dict[str, Any] = {name: form[name] for name in ("client_id", "client_secret")}
    scopes, custom = form["scopes"] or None, _own(form)
    call.host.integrations.create(call.environment, key, provider=provider, scopes=scopes, custom=custom, **given)
    return to(place(call, "integrations", key, done="integration"))


def change(call: Call, form: Form) -> Response:
    """Other settings; a secret that is left empty stays."""
    key = call.path["integration"]
    call.host.integrations.update(
        call.environment,
        key,
        client_id=form["client_id"],
        client_secret=form["client_secret"] or None,
        scopes=form["scopes"],
        custom=_own(form),
    )
    return to(place(call, "integrations", key, done="saved"))


def delete(call: Call, form: Form) -> Response:
    """Delete one that has no connections."""
    del form
    call.host.integrations.delete(call.environment, call.path["integration"])
    return to(place(call, "integrations", done="integration-deleted"))


def _own(form: Form) -> dict[str, Any]:
    """The values of the definition's own fields, as JSON."""
    try:
        given = loads(form["custom"] or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError("the further fields have to be a JSON object; nothing was changed")
    return given


def _item(call: Call, stored: Any) -> dict[str, Any]:
    try:
        provider = call.host.catalog.get(stored.provider)
        name, mode = provider.display_name, provider.auth_mode
    except ConnectorError:  # its definition is gone, or broken
        name, mode = stored.provider, "unknown"
    return {
        "key": stored.unique_key,
        "provider": stored.provider,
        "name": stored.display_name or name,
        "mode": mode,
        "connections": stored.connections,
        "created_at": stored.created_at,
        "syncs": len(call.host.registry.syncs(stored.provider)),
        "actions": len(call.host.registry.actions(stored.provider)),
    }


def _names(call: Call) -> list[str]:
    """The providers that connectors bring functions for, and then all others."""
    first = call.host.registry.providers
    return [*first, *sorted(name for name in call.host.catalog.names() if name not in first)]


ENDPOINTS = (
    view("/integrations", integrations, "Integrations.", scopes=("integrations:read",)),
    deed("/integrations", add, "Add an integration.", scopes=("integrations:write",), again=integrations),
    view("/integrations/{integration}", integration, "An integration.", scopes=("integrations:read",)),
    deed("/integrations/{integration}", change, "Its settings.", scopes=("integrations:write",), again=integration),
    deed(
        "/integrations/{integration}/delete",
        delete,
        "Delete an integration.",
        scopes=("integrations:write",),
        again=integration,
    ),
)
