"""Who calls: a secret key, a connect session's token or a browser, and the environment that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.engine.environments import is_key
from connectors.engine.sessions import PREFIX, ConnectSession, is_token
from connectors.server.contract import Endpoint, Refusal, Who
from connectors.server.visits import Visit

if TYPE_CHECKING:
    from connectors.engine.browsers import Browser
    from connectors.engine.host import Host

_BEARER = "bearer "
_WORDS = {
    "missing_auth_header": "The header Authorization is missing.",
    "malformed_auth_header": "The header Authorization has to be `Bearer <key>`.",
    "invalid_secret_key_format": "A secret key is a UUID of version 4.",
    "unknown_account": "Nobody has this secret key, or it was revoked.",
    "invalid_connect_session_token_format": f"A connect session's token is {PREFIX} and 64 hexadecimal digits.",
    "unknown_connect_session_token": "This connect session is unknown, or its time is over.",
    "missing_public_key": "The parameter connect_session_token is missing.",
    "invalid_public_key": "Public keys are not in use here; begin a connect session.",
}


@dataclass(frozen=True)
class Caller:
    """Somebody who was let in."""

    environment: str = ""  # empty: anybody may call
    scopes: frozenset[str] = frozenset()  # empty: all
    session: ConnectSession | None = None
    browser: Browser | None = None
    name: str = "anybody"  # for the audit log: who acts


def caller(
    host: Host, endpoint: Endpoint, *, header: str | None, token: str | None, public_key: str | None, visit: Visit
) -> Caller:
    """Whoever calls an endpoint, looked up in the store.

    `header` is Authorization, `token` and `public_key` are of the query, `visit` is what a browser sends
    by itself. Raises `Refusal` 401, and 403 for a key that does not go that far.
    """
    if endpoint.who is Who.PUBLIC:
        return Caller()
    if endpoint.who is Who.FRONTEND:
        return _frontend(host, token, public_key)
    if endpoint.who is Who.BROWSER:
        return _within(endpoint, _of_browser(host, visit))
    if endpoint.who is Who.EITHER and header is None and token is not None:
        return _of_session(host, token)
    bearer = _bearer(header)
    if endpoint.who is Who.SESSION or (endpoint.who is Who.EITHER and bearer.startswith(PREFIX)):
        return _of_session(host, bearer)
    return _within(endpoint, _of_key(host, bearer))


def _within(endpoint: Endpoint, found: Caller) -> Caller:
    if endpoint.scopes and found.scopes and not found.scopes.intersection(endpoint.scopes):
        needed = " or ".join(endpoint.scopes)
        raise Refusal(403, "forbidden", f"This key is limited; it would need the scope {needed}.")
    return found


def _frontend(host: Host, token: str | None, public_key: str | None) -> Caller:
    if token is not None:
        return _of_session(host, token)
    raise _refused("missing_public_key" if public_key is None else "invalid_public_key")


def _bearer(header: str | None) -> str:
    if header is None:
        raise _refused("missing_auth_header")
    if not header.lower().startswith(_BEARER) or not header[len(_BEARER) :].strip():
        raise _refused("malformed_auth_header")
    return header[len(_BEARER) :].strip()


def _of_session(host: Host, token: str) -> Caller:
    if not is_token(token):
        raise _refused("invalid_connect_session_token_format")
    session = host.sessions.get(token)
    if session is None:
        raise _refused("unknown_connect_session_token")
    return Caller(session.environment, session=session, name="session")


def _of_key(host: Host, key: str) -> Caller:
    if not is_key(key):
        raise _refused("invalid_secret_key_format")
    found = host.environments.of_key(key)
    if found is None:
        raise _refused("unknown_account")
    environment, scopes, called = found
    return Caller(environment, scopes, name=f"key:{called}")


def _of_browser(host: Host, visit: Visit) -> Caller:
    visit.check_site(host)
    browser = host.browsers.find(visit.carried(host))
    signed_in = None if browser is None or visit.environment is None else browser.at(visit.environment)
    if browser is None or signed_in is None:
        raise visit.signed_out(host)
    return Caller(signed_in.environment, signed_in.scopes, browser=browser, name=f"key:{signed_in.key}")


def _refused(code: str) -> Refusal:
    return Refusal(401, code, _WORDS[code], payload={})
