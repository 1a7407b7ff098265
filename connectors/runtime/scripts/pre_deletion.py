"""All pre-deletion scripts: the provider is told that the connection ends, so that its token is good no longer."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.runtime.auth.encoding import component
from connectors.runtime.request import Call
from connectors.runtime.scripts.protocol import PreDeletion, Script, Subject, refuse_errors
from connectors.runtime.template import render

_GONE = frozenset({401, 404, 410})  # the provider knows no such token any more, which is what was wanted


def hubspot(subject: Subject) -> Script[None]:
    """Delete the refresh token."""
    token = str(subject.connection.credentials.get("refresh_token") or "")
    if token:
        yield from _tell(subject, Call("DELETE", f"oauth/v1/refresh-tokens/{component(token)}"))


def intercom(subject: Subject) -> Script[None]:
    """Uninstall the app from the workspace."""
    yield from _tell(subject, Call("POST", "auth/uninstall"))


def linear(subject: Subject) -> Script[None]:
    """Revoke the access token; the call itself says which one."""
    yield from _tell(subject, Call("POST", "oauth/revoke"))


def onelogin(subject: Subject) -> Script[None]:
    """Revoke the access token, in the client's name."""
    credentials = subject.connection.credentials
    header = render("Basic ${base64(${client_id}:${client_secret})}", credentials, moment=subject.moment).text
    call = Call(
        "POST",
        "auth/oauth2/revoke",
        headers={"authorization": header, "content-type": "application/json"},
        data={"access_token": credentials.get("token")},
    )
    yield from _tell(subject, call)


def _tell(subject: Subject, call: Call) -> Script[None]:
    response = yield call
    if response.status not in _GONE:
        refuse_errors(subject, response)


SCRIPTS: Mapping[str, PreDeletion] = {
    "hubspotPreConnectionDeletion": hubspot,
    "intercomPreConnectionDeletion": intercom,
    "linearPreConnectionDeletion": linear,
    "oneloginPreConnectionDeletion": onelogin,
}
