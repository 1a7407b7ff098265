"""Connecting with a browser's consent: off to the provider's page, and back to where the account is stored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from connectors.errors import (
    ConfigError,
    ConnectorError,
    ConsentRefused,
    IntegrationIncomplete,
    TokenError,
    UnknownIntegration,
    UnresolvedPlaceholder,
    UnsupportedAuthMode,
)
from connectors.runtime.auth import BROWSER_MODES
from connectors.server.attempt import Attempt
from connectors.server.contract import INTEGRATION_KEY, Call, Endpoint, Refusal, Reply, Who, fields
from connectors.server.pages.page import page
from connectors.server.public import public_url
from connectors.server.routes.auth import QUERY

if TYPE_CHECKING:
    from connectors.engine.consent import Begun

CALLBACK = "/oauth/callback"
_COOKIE = "connectors_consent_"
_LIFE = 900  # seconds
_TYPES: Mapping[type[ConnectorError], str] = {  # what the page's client reads
    UnresolvedPlaceholder: "url_param_err",
    ConfigError: "url_param_err",
    IntegrationIncomplete: "provider_config_err",
    UnknownIntegration: "provider_config_err",
    UnsupportedAuthMode: "auth_mode_err",
    ConsentRefused: "callback_err",
    TokenError: "token_err",
}


async def begin(call: Call) -> Response:
    """Send the browser to the provider's page."""
    waiting = str(call.query.get("ws_client_id", ""))
    key = call.path["key"]
    try:
        attempt = await call.thread("store", Attempt.of, call, BROWSER_MODES)
        begun = await call.thread("upstream", _begun, call, attempt)
    except (ConnectorError, Refusal) as error:
        return _failed(call, waiting, error, {"provider_config_key": key, "connection_id": ""})
    call.popups.remember(begun.state, waiting)
    response = RedirectResponse(begun.url, 302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    secure = public_url(call.host).startswith("https:")
    response.set_cookie(
        _name(begun.state), _mark(begun.state), _LIFE, path=CALLBACK, secure=secure, httponly=True, samesite="lax"
    )
    return response


async def callback(call: Call) -> Response:
    """The browser is back: store the account, and tell the page that waits."""
    params = {name: value for name, value in call.request.query_params.items() if "\0" not in value}
    state = params.get("state", "")
    if not hmac.compare_digest(call.request.cookies.get(_name(state), "").encode(), _mark(state).encode()):
        # Without this, a page could have somebody else consent for it.
        return _page(call, "Not connected", "This browser did not begin this consent (state_cookie_err).", 400)
    waiting = call.popups.page_of(state)
    try:
        stored = await call.thread("upstream", call.host.consents.finish, state, params)
    except ConnectorError as error:
        return _failed(call, waiting, error, {"provider_config_key": "", "connection_id": ""})
    told = {"provider_config_key": stored.integration, "connection_id": stored.id, "is_pending": False}
    call.popups.tell(waiting, {"message_type": "success", **told})
    response = _page(call, "Connected", "The account is connected. You can close this window.", 200)
    response.delete_cookie(_name(state), path=CALLBACK)
    return response


def _begun(call: Call, attempt: Attempt) -> Begun:
    params = {**call.query.get("authorization_params", {}), **attempt.defaults.get("authorization_params", {})}
    scopes = attempt.defaults.get("user_scopes") or call.query.get("user_scope")
    own = {name: value for name, value in call.query.get("credentials", {}).items() if value}
    return call.host.consents.begin(
        call.environment,
        provider=attempt.provider.name,
        id=attempt.id,
        integration=attempt.key,
        callback_url=f"{public_url(call.host)}{CALLBACK}",
        config={**own, **attempt.config},
        params={**params, **({"user_scope": scopes} if scopes else {})},
        owner=attempt.session.terms.owner,
    )


def _failed(call: Call, waiting: str, error: ConnectorError | Refusal, place: Mapping[str, Any]) -> Response:
    if isinstance(error, Refusal):
        kind, message = error.code, error.message or error.code
    else:
        kind = next((_TYPES[base] for base in type(error).__mro__ if base in _TYPES), "unknown_err")
        message = error.message
    call.popups.tell(waiting, {"message_type": "error", **place, "error_type": kind, "error_desc": message})
    return _page(call, "Not connected", message, error.status if isinstance(error, Refusal) else 400)


def _page(call: Call, title: str, text: str, status: int) -> Response:
    """The end of a consent, in its window; one that ended well closes it."""
    opened = {"Cross-Origin-Opener-Policy": "unsafe-none"}  # or the page that waits could not see it any more
    return page(call, "connect/consent.html", status=status, headers=opened, title=title, text=text, ok=status < 400)


def _name(state: str) -> str:
    return _COOKIE + hashlib.sha256(b"name" + state.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _mark(state: str) -> str:
    return hashlib.sha256(b"mark" + state.encode("utf-8", "surrogatepass")).hexdigest()


_HTML = "text/html"
ENDPOINTS = (
    Endpoint(
        "GET",
        "/oauth/connect/{key}",
        begin,
        "Send the browser to the provider's page, to ask its user for consent.",
        who=Who.FRONTEND,
        path_schema={"key": INTEGRATION_KEY},
        query={**QUERY, "properties": {**QUERY["properties"], "ws_client_id": {"type": "string", "maxLength": 100}}},
        answers={
            302: Reply("Off to the provider.", media_type=_HTML, headers=("Location",)),
            400: Reply("A page that says why not.", media_type=_HTML),
            404: Reply("A page that says that there is no such integration.", media_type=_HTML),
        },
        tag="auth",
    ),
    Endpoint(
        "GET",
        CALLBACK,
        callback,
        "Where the provider sends the browser back to.",
        who=Who.PUBLIC,
        query=fields({}),
        any_query=True,
        answers={
            200: Reply("A page that says that it is connected.", media_type=_HTML),
            400: Reply("A page that says why not.", media_type=_HTML),
        },
        tag="auth",
    ),
)
