"""Actions of a connection: their list, a form drawn from the input schema, and what a call gave back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from connectors.engine.invoke import ActionResult, invoke
from connectors.errors import ConnectorError
from connectors.server.contract import Call
from connectors.server.dashboard.action_fields import fields_of, value_of
from connectors.server.dashboard.connections import found, shown
from connectors.server.dashboard.forms import Form, deed
from connectors.server.dashboard.showing import view

if TYPE_CHECKING:
    from starlette.responses import Response

    from connectors.engine.store.connections import StoredConnection

_LONGEST = 300.0  # seconds that a browser waits


def actions(call: Call) -> Response:
    """All of them."""
    return shown(call, "actions.html", found(call), tab="actions")


def action(call: Call) -> Response:
    """One, with its form."""
    return _page(call, found(call))


def invoked(call: Call, form: Form) -> Response:
    """Call it with what the form holds, and show what it gave back."""
    stored, name = found(call), call.path["action"]
    began = time.monotonic()
    try:
        given = _given(call, form, stored, name)
        result = invoke(
            call.host, call.environment, stored.id, name, given, integration=stored.integration, at_most=_LONGEST
        )
    except ConnectorError as error:
        return _page(call, stored, form=form, failure=error.to_dict(), seconds=time.monotonic() - began)
    return _page(call, stored, form=form, result=result, seconds=result.seconds)


def _given(call: Call, form: Form, stored: StoredConnection, name: str) -> dict[str, Any]:
    schema = call.host.registry.models.action(stored.provider, name).input.schema
    given: dict[str, Any] = {}
    for field in fields_of(schema):
        upload = form.files.get(field.control)
        if upload is not None:
            ref = call.host.files.add(
                call.environment, stored.key, upload.filename or "file", upload.file, upload.content_type
            )
            given[field.name] = ref.to_dict()
        elif form[field.control]:
            text = form[field.control]
            given[field.name] = {"file": text} if field.kind == "file" else value_of(field, text)
    return given


def _page(
    call: Call,
    stored: StoredConnection,
    *,
    form: Form | None = None,
    result: ActionResult | None = None,
    failure: dict[str, Any] | None = None,
    seconds: float | None = None,
) -> Response:
    declared = call.host.registry.action(stored.provider, call.path["action"])
    contract = call.host.registry.models.action(stored.provider, declared.name)
    sees = call.may("files:read")
    kept = call.host.store.browsing.files(call.environment, now=call.host.clock.now()) if sees else []
    return shown(
        call,
        "action.html",
        stored,
        tab="actions",
        action=declared,
        description=contract.input.schema.get("description") or (declared.description or ""),
        fields=fields_of(contract.input.schema, None if form is None else form.values),
        kept=[file for file in kept if (file["integration"], file["connection_id"]) == (stored.integration, stored.id)],
        result=result,
        failure=failure,
        seconds=seconds,
        status=200 if failure is None else 422,
    )


_OF = "/connections/{integration}/{connection}/actions"
_SCOPES = ("actions",)

ENDPOINTS = (
    view(_OF, actions, "The actions of a connection.", scopes=_SCOPES),
    view(f"{_OF}/{{action}}", action, "An action.", scopes=_SCOPES),
    deed(f"{_OF}/{{action}}", invoked, "Call an action.", scopes=_SCOPES, lane="upstream"),
)
