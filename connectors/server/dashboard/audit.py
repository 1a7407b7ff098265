"""The audit log: who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.server.contract import Call, Refusal
from connectors.server.dashboard.showing import NUMBER, show, view

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGE = 100
_WORDS = {
    "connection.created": "Connected",
    "connection.reauthorised": "Connected again",
    "connection.deleted": "Connection deleted",
    "connection.erased": "Connection erased",
    "credentials.read": "Credentials read",
    "dashboard.signed_in": "Signed in to the dashboard",
    "integration.deleted": "Integration deleted",
    "key.created": "Key made",
    "key.rotated": "Key rotated",
    "key.revoked": "Key revoked",
    "signing_key.rotated": "Signing key rotated",
    "vault.rotated": "Encryption key rotated",
    "webhook.address_made": "Address for events made",
    "webhook.addresses_revoked": "Addresses for events revoked",
}


def audit(call: Call) -> Response:
    """The newest first."""
    only_whole(call)
    before = call.query.get("before")
    rows = call.host.audit_log.list(call.environment, before=before, limit=_PAGE + 1)
    return show(
        call,
        "audit.html",
        section="audit",
        rows=rows[:_PAGE],
        more=rows[_PAGE - 1]["number"] if len(rows) > _PAGE else None,
        first=before is None,
        named=_WORDS,
    )


def only_whole(call: Call) -> None:
    """Raises `Refusal` 403 for a key that has scopes: no scope goes as far as this."""
    if call.scopes:
        raise Refusal(403, "forbidden", "This key is limited; this page takes one that is not.")


ENDPOINTS = (view("/audit", audit, "The audit log.", query={"before": NUMBER}),)
