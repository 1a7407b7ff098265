"""Connections: their list, and what each one is, does and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.engine.sessions import Terms
from connectors.engine.store.browsing import NEWEST_KEY, Since
from connectors.errors import ConnectorError, InputError
from connectors.runtime.canonical import loads
from connectors.server.contract import Call
from connectors.server.dashboard import words
from connectors.server.dashboard.forms import Form, deed, to
from connectors.server.dashboard.showing import NUMBER, TEXT, place, show, view
from connectors.server.pages.page import base_path
from connectors.server.public import public_url

if TYPE_CHECKING:
    from starlette.responses import Response

    from connectors.engine.incoming import Address
    from connectors.engine.store.connections import StoredConnection

_PAGE = 50
_PATIENCE = 10.0  # seconds that running syncs get to stop before their connection is deleted


def connections(call: Call) -> Response:
    """All of them, or those that are looked for."""
    query = call.query
    since = Since(query["at"], query["before"]) if "before" in query and "at" in query else NEWEST_KEY
    rows = call.host.store.browsing.connections(
        call.environment,
        integration=query.get("integration") or None,
        search=query.get("search") or None,
        in_trouble=query.get("show") == "trouble",
        since=since,
        limit=_PAGE + 1,
    )
    return show(
        call,
        "connections.html",
        section="connections",
        rows=rows[:_PAGE],
        more=rows[_PAGE - 1] if len(rows) > _PAGE else None,
        first=since == NEWEST_KEY,
        integrations=call.host.integrations.list(call.environment),
    )


def connection(call: Call, problem: str | None = None) -> Response:
    """One: how it is, its syncs, its newest runs."""
    stored = found(call)
    call.host.schedules.ensure(stored)
    syncs = call.host.store.browsing.syncs_of(call.environment, stored.key)
    errors = call.host.store.connection_errors.list(call.environment, stored.key).get(stored.key, [])
    return shown(
        call,
        "connection.html",
        stored,
        tab="syncs",
        syncs=syncs,
        errors=errors,
        runs=call.host.store.browsing.runs(call.environment, connection=stored.key, limit=6),
        live=any(map(words.is_under_way, syncs)),
        problem=problem,
    )


def settings(call: Call, problem: str | None = None, made: Address | None = None) -> Response:
    """What is stored of it, and how to delete it."""
    stored = found(call)
    return shown(
        call,
        "connection_settings.html",
        stored,
        tab="settings",
        events=call.host.registry.events(stored.provider) is not None,
        made=made,
        url=public_url(call.host),
        problem=problem,
    )


def make_address(call: Call, form: Form) -> Response:
    """One more address that the provider sends events to, shown this once."""
    del form
    stored = found(call)
    return settings(call, made=call.host.incoming.address(call.environment, stored.id, stored.integration))


def revoke_addresses(call: Call, form: Form) -> Response:
    """Refuse all of them."""
    del form
    stored = found(call)
    call.host.incoming.revoke(call.environment, stored.id, stored.integration)
    return to(place(call, "connections", stored.integration, stored.id, "settings", done="addresses"))


def check(call: Call, form: Form) -> Response:
    """Verify the stored credentials now."""
    del form
    stored = found(call)
    outcome = call.host.connections.check(call.environment, stored.id, stored.integration)
    if outcome.error is not None:
        raise outcome.error
    return to(place(call, "connections", stored.integration, stored.id, done="checked"))


def save_metadata(call: Call, form: Form) -> Response:
    """Put other metadata in the place of the stored one."""
    stored = found(call)
    try:
        given = loads(form["metadata"] or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError("the metadata has to be a JSON object; nothing was changed")
    gone = {name: None for name in stored.metadata if name not in given}
    call.host.connections.set_metadata(call.environment, stored.id, {**given, **gone}, stored.integration)
    return to(place(call, "connections", stored.integration, stored.id, "settings", done="metadata"))


def delete(call: Call, form: Form) -> Response:
    """Delete it with everything, once its name was typed."""
    stored = found(call)
    if form["name"] != stored.id:
        raise InputError("type the connection's id to delete it; nothing was deleted")
    call.host.connections.delete(call.environment, stored.id, stored.integration, patience=_PATIENCE)
    return to(place(call, "connections", done="deleted"))


def reconnect(call: Call, form: Form) -> Response:
    """A link by which the account's owner gives new credentials."""
    del form
    stored = found(call)
    terms = Terms(allowed=[stored.integration], connection=stored.id, integration=stored.integration)
    return _link(call, terms, subject=stored.id)


def connect(call: Call, form: Form) -> Response:
    """A link by which a customer connects an account."""
    key = form["integration"]
    if key:
        call.host.integrations.get(call.environment, key)
    return _link(call, Terms(allowed=[key] if key else None), subject=None)


def found(call: Call) -> StoredConnection:
    """The connection that the path names. Raises `UnknownIntegration` and `UnknownConnection`."""
    return call.connection(call.path["connection"], call.path["integration"])


def shown(call: Call, template: str, stored: StoredConnection, *, tab: str, **values: Any) -> Response:
    """A page about a connection: `tab` is the part of it."""
    try:
        provider = call.host.catalog.get(stored.provider).display_name
    except ConnectorError:  # its definition is gone, or broken
        provider = stored.provider
    trouble = stored.error is not None or stored.renewal_failed_at is not None
    return show(
        call,
        template,
        section="connections",
        stored=stored,
        provider=provider,
        trouble=trouble,
        tab=tab,
        of=place(call, "connections", stored.integration, stored.id),
        actions=call.host.registry.actions(stored.provider),
        **values,
    )


def _link(call: Call, terms: Terms, *, subject: str | None) -> Response:
    made = call.host.sessions.create(call.environment, terms)
    path = f"/connect/?session_token={made.token}"
    return show(
        call,
        "connect_link.html",
        section="connections",
        subject=subject,
        link=public_url(call.host) + path,
        here=base_path(call.host) + path,
        expires_at=made.expires_at,
    )


_OF = "/connections/{integration}/{connection}"
_READ, _WRITE = ("connections:read",), ("connections:write",)

ENDPOINTS = (
    view(
        "/connections",
        connections,
        "Connections.",
        scopes=_READ,
        query={
            "integration": TEXT,
            "search": TEXT,
            "show": {"enum": ["", "trouble"]},
            "at": {"type": "number"},
            "before": NUMBER,
        },
    ),
    deed("/connect", connect, "A link to connect an account.", scopes=("sessions:write",)),
    view(_OF, connection, "A connection.", scopes=_READ),
    deed(f"{_OF}/check", check, "Check the credentials.", scopes=_WRITE, again=connection, lane="upstream"),
    deed(f"{_OF}/reconnect", reconnect, "A link to connect the account again.", scopes=("sessions:write",)),
    view(f"{_OF}/settings", settings, "What is stored of a connection.", scopes=_READ),
    deed(f"{_OF}/metadata", save_metadata, "Replace the metadata.", scopes=_WRITE, again=settings),
    deed(f"{_OF}/addresses", make_address, "An address for events.", scopes=_WRITE, again=settings),
    deed(f"{_OF}/addresses/revoke", revoke_addresses, "Refuse them.", scopes=_WRITE, again=settings),
    deed(f"{_OF}/delete", delete, "Delete a connection.", scopes=_WRITE, again=settings, lane="upstream"),
)
